// Matrix products and convolutions on WebGPU: our kernels beside tfjs's own, on one device in one process, one run of each
// in turn. Prints medians and ratios and asserts nothing; only the ratios mean something on a machine whose speed drifts.
//   node scripts/run.mjs bench/products.ts [side of the convolution's grid, default 32] [rounds, default 3] [part of a title]
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs' // registers the gradients of tfjs's own ops
import '@tensorflow/tfjs-backend-webgpu'
import { openNodeGpu } from '../cli/support/nodeGpu.ts'
import { conv3d } from '../src/kernels/conv3d.ts'
import { conv3dFilterGradientKernel, conv3dInputGradientKernel } from '../src/kernels/conv3dGradient.ts'
import { chooseTiles, runGpuKernel } from '../src/kernels/gpuKernel.ts'
import { linear, matMulReference } from '../src/kernels/matMul.ts'

type Compute = () => tf.Tensor

// Before our kernels take their place.
const theirs = Object.fromEntries(
  [tf.Conv3D, tf.Conv3DBackpropInputV2, tf.Conv3DBackpropFilterV2].map(name => [
    name,
    tf.getKernel(name, 'webgpu').kernelFunc,
  ]),
)

function runTheirs(name: string, inputs: tf.NamedTensorInfoMap, attrs: tf.NamedAttrMap): tf.Tensor {
  const result = theirs[name]({ inputs, attrs, backend: tf.backend() }) as tf.TensorInfo
  return tf.engine().makeTensorFromTensorInfo(result)
}

/** Milliseconds until the result is there; reading one number waits for all of it. */
async function timed(compute: Compute): Promise<number> {
  const start = performance.now()
  const result = tf.tidy(compute)
  const probe = tf.tidy(() => tf.slice(tf.reshape(result, [-1]), 0, 1))
  await probe.data()
  const elapsed = performance.now() - start
  tf.dispose([result, probe])
  return elapsed
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]

async function compare(title: string, gigaFlop: number, theirCompute: Compute, ours: Compute): Promise<void> {
  if (!title.includes(process.argv[4] ?? '')) return
  const contestants: [string, Compute][] = [
    ['tfjs', theirCompute],
    ...(['registers', 'shared'] as const).map((tiles): [string, Compute] => [
      tiles,
      () => {
        chooseTiles(tiles)
        return ours()
      },
    ]),
  ]
  const times = contestants.map(() => [] as number[])
  // Round 0 compiles and is not counted.
  for (let round = 0; round <= rounds; round++)
    for (const [i, [, compute]] of contestants.entries()) {
      const elapsed = await timed(compute)
      if (round > 0) times[i].push(elapsed)
    }
  console.log(title)
  contestants.forEach(([name], i) => {
    const ratio = median(times[0].map((reference, round) => reference / times[i][round]))
    const speed = (1000 * gigaFlop) / median(times[i])
    console.log(
      `  ${name.padEnd(10)} ${median(times[i]).toFixed(1).padStart(9)} ms ${speed.toFixed(2).padStart(9)} GFLOP/s ${ratio.toFixed(1).padStart(6)} ×`,
    )
  })
}

const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed)

const { device, label } = await openNodeGpu()
// What a rejected program leaves undone is fast, and wrong.
device.addEventListener('uncapturederror', event => {
  console.error(event.error.message)
  process.exit(1)
})
const side = Number(process.argv[2] ?? 32)
const rounds = Number(process.argv[3] ?? 3)
console.log(`${label}; ${rounds} rounds; × = tfjs ÷ this`)

const x = random([4096, 192], 1)
const weight = random([768, 192], 2)
const bias = random([768], 3)
await compare(
  'matMul 4096 × 192 × 768 + bias + GELU',
  (2 * 4096 * 192 * 768) / 1e9,
  () => matMulReference(x, weight, { transposeB: true, bias, activation: 'gelu' }),
  () => linear(x, weight, bias, 'gelu'),
)

const grid = random([1, side, side, side, 48], 4)
const dy = random([1, side, side, side, 48], 5)
const filter = random([3, 3, 3, 48, 48], 6)
const attributes = { strides: 1, pad: 'same', dataFormat: 'NDHWC', dilations: 1 }
const flop = (2 * 27 * 48 * 48 * side ** 3) / 1e9
await compare(
  `conv3d ${side}³ 48 → 48, forward`,
  flop,
  () => runTheirs(tf.Conv3D, { x: grid, filter }, attributes),
  () => conv3d(grid, filter)[0],
)
await compare(
  'its input gradient',
  flop,
  () => runTheirs(tf.Conv3DBackpropInputV2, { dy, filter }, { ...attributes, inputShape: grid.shape }),
  () => runGpuKernel(conv3dInputGradientKernel, [dy, filter])[0],
)
await compare(
  'its filter gradient',
  flop,
  () => runTheirs(tf.Conv3DBackpropFilterV2, { x: grid, dy }, { ...attributes, filterShape: filter.shape }),
  () => runGpuKernel(conv3dFilterGradientKernel, [grid, dy], { kernel: 3 })[0],
)
process.exit(0)
