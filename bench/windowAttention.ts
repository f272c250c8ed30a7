// Window attention on WebGPU: our programs beside the same operation composed of tfjs's ops, on one device in one process,
// one run of each in turn. Prints medians and ratios and asserts nothing; only the ratios mean something on a machine
// whose speed drifts.   npm run bench -- [side of the token grid, default 8 on a software adapter, 48 on a GPU] [rounds]
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs' // registers the gradients of tfjs's own ops
import { openNodeGpu } from '../cli/support/nodeGpu.ts'
import { chooseTiles } from '../src/kernels/gpuKernel.ts'
import { windowAttention, windowAttentionReference } from '../src/kernels/windowAttention.ts'
import type { WindowAttributes } from '../src/kernels/windowLayout.ts'

const heads = 4
const attributes: WindowAttributes = { heads, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' }

type Attend = typeof windowAttention
type Inputs = [tf.Tensor5D, tf.Tensor1D, tf.Tensor2D]

function makeInputs(side: number, headWidth: number): Inputs {
  const features = 3 * heads * headWidth
  return [
    tf.randomNormal([1, side, side, side, features], 0, 1, 'float32', 1),
    tf.randomNormal([features], 0, 1, 'float32', 2),
    tf.randomNormal([343, heads], 0, 1, 'float32', 3),
  ]
}

/** Milliseconds until the result is there; reading one number waits for all of it. */
async function timed(compute: () => tf.Tensor[]): Promise<number> {
  const start = performance.now()
  const results = tf.tidy(compute)
  const probe = tf.tidy(() => tf.slice(tf.reshape(results[0], [-1]), 0, 1))
  await probe.data()
  const elapsed = performance.now() - start
  tf.dispose([...results, probe])
  return elapsed
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]

async function compare(
  title: string,
  rounds: number,
  contestants: Record<string, () => tf.Tensor[]>,
): Promise<void> {
  const times = Object.fromEntries(Object.keys(contestants).map(name => [name, [] as number[]]))
  // Round 0 compiles and is not counted.
  for (let round = 0; round <= rounds; round++)
    for (const [name, compute] of Object.entries(contestants)) {
      const elapsed = await timed(compute)
      if (round > 0) times[name].push(elapsed)
    }
  console.log(title)
  for (const [name, values] of Object.entries(times)) {
    const ratios = times['tfjs ops'].map((reference, i) => reference / values[i])
    console.log(
      `  ${name.padEnd(10)} ${median(values).toFixed(1).padStart(9)} ms   ${median(ratios).toFixed(1).padStart(6)} ×`,
    )
  }
}

const { device, label, isSoftware } = await openNodeGpu()
// What a rejected program leaves undone is fast, and wrong.
device.addEventListener('uncapturederror', event => {
  console.error(event.error.message)
  process.exit(1)
})
const side = Number(process.argv[2] ?? (isSoftware ? 8 : 48))
const rounds = Number(process.argv[3] ?? 5)
console.log(
  `${label}; grid ${side}³, ${heads} heads, window 4, shift 2; ${rounds} rounds; × = tfjs ops ÷ this`,
)
for (const headWidth of [12, 24]) {
  const inputs = makeInputs(side, headWidth)
  const forward = (attend: Attend) => () => [attend(...inputs, attributes)]
  const backward = (attend: Attend) => () =>
    tf.grads((...given: tf.Tensor[]) => attend(...(given as Inputs), attributes))(inputs)
  const ours = (storage: 'registers' | 'shared', run: () => tf.Tensor[]) => () => {
    chooseTiles(storage)
    return run()
  }
  await compare(`head width ${headWidth}, forward`, rounds, {
    'tfjs ops': forward(windowAttentionReference),
    registers: ours('registers', forward(windowAttention)),
    shared: ours('shared', forward(windowAttention)),
  })
  await compare(`head width ${headWidth}, forward and gradients`, rounds, {
    'tfjs ops': backward(windowAttentionReference),
    registers: ours('registers', backward(windowAttention)),
    shared: ours('shared', backward(windowAttention)),
  })
  tf.dispose(inputs)
}
process.exit(0)
