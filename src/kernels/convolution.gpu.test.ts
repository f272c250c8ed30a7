// Convolutions on plain buffers at WebGPU's default limits, and as tfjs kernels with their gradients.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs' // registers the gradients of tfjs's own ops
import { eagerPath } from '../../cli/golden/eagerPath.ts'
import { runFixtureFile } from '../../cli/golden/fixtureFiles.ts'
import { conv3d, conv3dKernel, conv3dReference, type Conv3dActivation } from './conv3d.ts'
import { conv3dFilterGradientKernel, conv3dInputGradientKernel } from './conv3dGradient.ts'
import {
  convTranspose2,
  convTranspose2FilterGradientKernel,
  convTranspose2InputGradientKernel,
  convTranspose2Kernel,
  convTranspose2Reference,
} from './convTranspose2.ts'
import { chooseTiles } from './gpuKernel.ts'
import {
  differentiateOn,
  evaluateOnCpu,
  runKernelOnBuffers,
  testTensor,
  type TestTensor,
} from './productTestSupport.ts'
import { linear } from './matMul.ts'
import { productTolerance } from './productKernels.ts'
import { expectClose } from './testSupport.ts'
import { isOurConvolution } from './tfjsConvolution.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu({ limits: 'default' }))
  .catch(() => undefined)
const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)
const complaints: string[] = []
gpu?.device.addEventListener('uncapturederror', event => complaints.push(event.error.message))
afterAll(() => expect(complaints).toEqual([]))

// Grid [B, D, H, W], taps along an axis, channels in and out.
type Case = readonly [title: string, grid: readonly number[], kernel: number, from: number, to: number]

const cases: readonly Case[] = [
  ['whole tiles', [1, 4, 4, 4], 3, 8, 16],
  ['an odd grid and a batch of two', [2, 3, 5, 7], 3, 12, 20],
  ['one channel, as the first layer has', [2, 5, 4, 6], 3, 1, 24],
  ['odd channels', [1, 3, 4, 5], 3, 5, 7],
  ['three classes', [1, 4, 3, 6], 1, 8, 3],
  ['a kernel of one', [2, 3, 5, 7], 1, 12, 8],
  ['a kernel of five, wider than the grid', [1, 3, 2, 4], 5, 4, 4],
  ['a single voxel', [2, 1, 1, 1], 3, 8, 4],
  ['channels that are no multiple of a chunk', [1, 2, 3, 3], 3, 20, 36],
]

const conv = (x: tf.Tensor, filter: tf.Tensor) =>
  tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, 1, 'same')

function tensors([, grid, kernel, from, to]: Case): { x: TestTensor; filter: TestTensor; dy: TestTensor } {
  return {
    x: testTensor([...grid, from], 1),
    filter: testTensor([kernel, kernel, kernel, from, to], 2),
    dy: testTensor([...grid, to], 3),
  }
}

/** Gradients of sum(f(inputs) · dy), by tfjs on the CPU. */
async function gradientsOnCpu(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly TestTensor[],
  dy: TestTensor,
): Promise<Float32Array[]> {
  await tf.setBackend('cpu')
  return tf.tidy(() => {
    const given = inputs.map(({ data, shape }) => tf.tensor(data, [...shape]))
    const gradients = tf.grads(f)(given, tf.tensor(dy.data, [...dy.shape]))
    return gradients.map(gradient => gradient.dataSync() as Float32Array)
  })
}

/** Sum and centred sum of squares of each sample and channel in double precision, [B, 2, C]. */
function momentsOf(y: Float32Array, [B, D, H, W]: readonly number[], C: number): number[] {
  const voxels = D * H * W
  const result: number[] = []
  for (let b = 0; b < B; b++) {
    const channels = Array.from({ length: C }, (_, c) =>
      Array.from({ length: voxels }, (_unused, p) => y[(b * voxels + p) * C + c]),
    )
    const sums = channels.map(values => values.reduce((sum, value) => sum + value, 0))
    const squares = channels.map((values, c) =>
      values.reduce((sum, value) => sum + (value - sums[c] / voxels) ** 2, 0),
    )
    result.push(...sums, ...squares)
  }
  return result
}

describe.skipIf(!gpu).each(['registers', 'shared'] as const)('convolution on plain buffers in %s', tiles => {
  const { device } = gpu ?? {}

  it.each(cases)('equals tfjs’s with %s', async (...one) => {
    const { x, filter } = tensors(one)
    const [got] = await runKernelOnBuffers(device!, conv3dKernel, [x, filter], { tiles })
    expectClose(got, await evaluateOnCpu(conv, [x, filter]), productTolerance)
  })

  it.each(cases)('has tfjs’s gradients with %s', async (...one) => {
    const { x, filter, dy } = tensors(one)
    const [dx, dFilter] = await gradientsOnCpu(conv, [x, filter], dy)
    const [gotInput] = await runKernelOnBuffers(device!, conv3dInputGradientKernel, [dy, filter], { tiles })
    expectClose(gotInput, dx, productTolerance)
    const run = { tiles, attributes: { kernel: one[2] } }
    const [gotFilter] = await runKernelOnBuffers(device!, conv3dFilterGradientKernel, [x, dy], run)
    expectClose(gotFilter, dFilter, productTolerance)
    const [again] = await runKernelOnBuffers(device!, conv3dFilterGradientKernel, [x, dy], run)
    expect(Array.from(again)).toEqual(Array.from(gotFilter))
  })

  it.each(cases)('adds bias and LeakyReLU and takes statistics with %s', async (...one) => {
    const [, grid, , , to] = one
    const { x, filter } = tensors(one)
    // Far from zero, where sums of squares would lose what InstanceNorm needs.
    const bias = { shape: [to], data: testTensor([to], 4).data.map(value => 100 + value) }
    for (const activation of ['none', 'leakyRelu'] satisfies Conv3dActivation[]) {
      const attributes = { activation, statistics: true }
      const [y, statistics] = await runKernelOnBuffers(device!, conv3dKernel, [x, filter, bias], {
        tiles,
        attributes,
      })
      const want = await evaluateOnCpu(
        (...inputs) => conv3dReference(inputs[0], inputs[1], inputs[2], { activation })[0],
        [x, filter, bias],
      )
      expectClose(y, want, productTolerance)
      const moments = momentsOf(y, grid, to)
      for (let b = 0; b < grid[0]; b++) {
        const at = 2 * b * to
        // A hundred additions of numbers near 100 in single precision; squares are of numbers around their own mean.
        expectClose(statistics.slice(at, at + to), moments.slice(at, at + to), 1e-6)
        // The mean is right to 1e-5 at 100, and voxels differ from it by about one.
        expectClose(statistics.slice(at + to, at + 2 * to), moments.slice(at + to, at + 2 * to), 2e-5)
      }
    }
  })

  it('says of a single voxel that it is its own mean and has no variance', async () => {
    const { x, filter } = tensors(cases[7])
    const run = { tiles, attributes: { statistics: true } }
    const [y, statistics] = await runKernelOnBuffers(device!, conv3dKernel, [x, filter], run)
    // [B, 2, 4] against [B, 4]: exactly, or InstanceNorm would turn rounding into numbers of order one (SPEC 14).
    for (const b of [0, 1]) {
      expect(Array.from(statistics.slice(8 * b, 8 * b + 4))).toEqual(Array.from(y.slice(4 * b, 4 * b + 4)))
      expect(Array.from(statistics.slice(8 * b + 4, 8 * b + 8))).toEqual([0, 0, 0, 0])
    }
  })

  it('equals tfjs’s where there is enough work for the largest tiles, statistics too', async () => {
    const grid = [1, 33, 33, 31]
    const one: Case = ['', grid, 1, 4, 16]
    const { x, filter } = tensors(one)
    const run = { tiles, attributes: { statistics: true } }
    const [y, statistics] = await runKernelOnBuffers(device!, conv3dKernel, [x, filter], run)
    expectClose(y, await evaluateOnCpu(conv, [x, filter]), productTolerance)
    const moments = momentsOf(y, grid, 16)
    expectClose(statistics.slice(16), moments.slice(16), 1e-6)
    // Sums of numbers of both signs, of which most cancels: relative to the sum of magnitudes, 3e4.
    const worst = Math.max(...moments.slice(0, 16).map((sum, c) => Math.abs(sum - statistics[c])))
    expect(worst).toBeLessThanOrEqual(1e-6 * 3e4)
    const wide: Case = ['', grid, 3, 4, 16]
    const large = tensors(wide)
    const [got] = await runKernelOnBuffers(device!, conv3dKernel, [large.x, large.filter], { tiles })
    expectClose(got, await evaluateOnCpu(conv, [large.x, large.filter]), productTolerance)
  })

  it('splits the batch where a binding would be too large', async () => {
    const one: Case = ['', [5, 4, 4, 4], 3, 4, 8]
    const { x, filter, dy } = tensors(one)
    const [dx] = await gradientsOnCpu(conv, [x, filter], dy)
    // Two samples of y at once, and more than the filter has.
    const run = { tiles, mostBindingBytes: 2 * 64 * 8 * 4 }
    const [y, statistics] = await runKernelOnBuffers(device!, conv3dKernel, [x, filter], {
      ...run,
      attributes: { statistics: true },
    })
    expectClose(y, await evaluateOnCpu(conv, [x, filter]), productTolerance)
    expectClose(statistics, momentsOf(y, one[1], 8), 1e-5)
    const [gotInput] = await runKernelOnBuffers(device!, conv3dInputGradientKernel, [dy, filter], run)
    expectClose(gotInput, dx, productTolerance)
    // A small filter, whose slices fit into a binding that takes two samples.
    const flat = tensors(['', [5, 2, 2, 32], 1, 4, 8])
    const [, wanted] = await gradientsOnCpu(conv, [flat.x, flat.filter], flat.dy)
    const filterRun = { tiles, mostBindingBytes: 2 * 128 * 8 * 4, attributes: { kernel: 1 } }
    const [got] = await runKernelOnBuffers(device!, conv3dFilterGradientKernel, [flat.x, flat.dy], filterRun)
    expectClose(got, wanted, productTolerance)
  })
})

const transposed: readonly (readonly [string, readonly number[], number, number])[] = [
  ['whole tiles', [1, 2, 4, 4], 16, 8],
  ['an odd grid and a batch of two', [2, 3, 1, 5], 12, 4],
  ['odd channels', [2, 2, 3, 1], 5, 3],
  ['odd channels out alone', [1, 2, 3, 2], 8, 6],
]

describe.skipIf(!gpu).each(['registers', 'shared'] as const)(
  'transposed convolution on plain buffers in %s',
  tiles => {
    it.each(transposed)(
      'equals its reference and the reference’s gradients with %s',
      async (_, grid, from, to) => {
        const { device } = gpu!
        const x = testTensor([...grid, from], 1)
        const filter = testTensor([2, 2, 2, to, from], 2)
        const dy = testTensor([grid[0], ...grid.slice(1).map(side => 2 * side), to], 3)
        const [y] = await runKernelOnBuffers(device, convTranspose2Kernel, [x, filter], { tiles })
        expectClose(y, await evaluateOnCpu(convTranspose2Reference, [x, filter]), productTolerance)
        const [dx, dFilter] = await gradientsOnCpu(convTranspose2Reference, [x, filter], dy)
        const [gotInput] = await runKernelOnBuffers(device, convTranspose2InputGradientKernel, [dy, filter], {
          tiles,
        })
        expectClose(gotInput, dx, productTolerance)
        const [gotFilter] = await runKernelOnBuffers(device, convTranspose2FilterGradientKernel, [x, dy], {
          tiles,
        })
        expectClose(gotFilter, dFilter, productTolerance)
      },
    )

    it('equals tfjs’s conv3dTranspose', async () => {
      const x = testTensor([1, 3, 2, 2, 8], 1)
      const filter = testTensor([2, 2, 2, 4, 8], 2)
      const [y] = await runKernelOnBuffers(gpu!.device, convTranspose2Kernel, [x, filter], { tiles })
      const want = await evaluateOnCpu(
        (grid, weight) =>
          tf.conv3dTranspose(grid as tf.Tensor5D, weight as tf.Tensor5D, [1, 6, 4, 4, 4], 2, 'same'),
        [x, filter],
      )
      expectClose(y, want, productTolerance)
    })
  },
)

describe.skipIf(!gpu).each(['registers', 'shared'] as const)(
  'convolutions in tfjs, with tiles in %s',
  tiles => {
    const check = async (
      ours: (...inputs: tf.Tensor[]) => tf.Tensor,
      reference: (...inputs: tf.Tensor[]) => tf.Tensor,
      inputs: readonly TestTensor[],
    ) => {
      chooseTiles(tiles)
      const got = await differentiateOn('webgpu', ours, inputs, 9)
      const want = await differentiateOn('cpu', reference, inputs, 9)
      want.forEach((values, i) => expectClose(got[i], values, productTolerance))
    }

    it('have the gradients of their reference, with bias and LeakyReLU', async () => {
      const { x, filter } = tensors(cases[1])
      const attributes = { activation: 'leakyRelu' } as const
      await check(
        (a, b, bias) => conv3d(a, b, bias, attributes)[0],
        (a, b, bias) => conv3dReference(a, b, bias, attributes)[0],
        [x, filter, testTensor([20], 4)],
      )
    })

    it('have the gradients of their reference where statistics are taken on the side', async () => {
      const { x, filter } = tensors(cases[0])
      await check(
        (a, b) => conv3d(a, b, undefined, { statistics: true })[0],
        (a, b) => conv3dReference(a, b)[0],
        [x, filter],
      )
    })

    it('run wherever tf.conv3d is written, gradients included', async () => {
      const { x, filter } = tensors(cases[1])
      await check(conv, conv, [x, filter])
    })

    it('leave strides and other paddings to tfjs', async () => {
      const strided = (a: tf.Tensor, b: tf.Tensor) => tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, 2, 'same')
      const valid = (a: tf.Tensor, b: tf.Tensor) => tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, 1, 'valid')
      const { x, filter } = tensors(cases[0])
      await check(strided, strided, [x, filter])
      await check(valid, valid, [x, filter])
    })

    it('have the gradients of the transposed reference', async () => {
      const inputs = [testTensor([2, 2, 3, 1, 12], 1), testTensor([2, 2, 2, 4, 12], 2)]
      await check(convTranspose2, convTranspose2Reference, inputs)
    })
  },
)

describe.skipIf(!gpu)('the network’s layers on these kernels', () => {
  it('keep no memory once their results are disposed of', async () => {
    const { x, filter } = tensors(cases[1])
    const f = (grid: tf.Tensor, weight: tf.Tensor) => {
      const attributes = { activation: 'leakyRelu', statistics: true } as const
      const [y] = conv3d(grid, weight, tf.zeros([20]), attributes)
      return linear(y, tf.ones([5, 20]), tf.zeros([5]), 'gelu')
    }
    const counted = () => [tf.memory().numTensors, tf.engine().backend.numDataIds()]
    await differentiateOn('webgpu', f, [x, filter], 9)
    const before = counted()
    await differentiateOn('webgpu', f, [x, filter], 9)
    expect(counted()).toEqual(before)
  })

  it.each(['conv3d_k3', 'conv3d_k1_bias', 'conv_transpose_k2s2', 'swin_block_plain'])(
    'agree with the golden fixture %s, gradients included',
    async name => {
      const webgpu = eagerPath('webgpu', 'webgpu', true)
      for (const tiles of ['registers', 'shared'] as const) {
        chooseTiles(tiles)
        const outcome = await runFixtureFile(path.join(golden, 'unit', `${name}.json`), golden, webgpu)
        expect(outcome.status, outcome.text).toBe('passed')
      }
    },
  )
})

describe('convolutions', () => {
  it('refuse shapes that do not fit each other in a sentence', () => {
    const shapes = (x: number[], filter: number[], bias?: number[]) =>
      conv3dKernel.shapes([x, filter, bias], {})
    expect(() => shapes([1, 2, 2, 2, 4], [2, 2, 2, 4, 8])).toThrow(/odd k, got \[1, 2, 2, 2, 4\] and/)
    expect(() => shapes([1, 2, 2, 2, 4], [3, 3, 3, 5, 8])).toThrow(/a filter of 4 channels on axis 3/)
    expect(() => shapes([1, 2, 2, 2, 4], [3, 3, 3, 4, 8], [4])).toThrow(/a bias of 8 numbers/)
    expect(() =>
      convTranspose2Kernel.shapes(
        [
          [1, 2, 2, 2, 4],
          [3, 3, 3, 8, 4],
        ],
        {},
      ),
    ).toThrow(/convTranspose2: expected .* \[2, 2, 2, out, in\]/)
    expect(
      conv3dKernel.shapes(
        [
          [2, 3, 4, 5, 6],
          [3, 3, 3, 6, 7],
        ],
        { statistics: true },
      ),
    ).toEqual([
      [2, 3, 4, 5, 7],
      [2, 2, 7],
    ])
  })

  it('take over from tfjs only what they compute', () => {
    const same = { strides: 1, pad: 'same', dataFormat: 'NDHWC', dilations: [1, 1, 1] }
    expect(isOurConvolution(same, [3, 3, 3, 4, 4])).toBe(true)
    expect(isOurConvolution({ ...same, strides: [1, 2, 1] }, [3, 3, 3, 4, 4])).toBe(false)
    expect(isOurConvolution({ ...same, dilations: 2 }, [3, 3, 3, 4, 4])).toBe(false)
    expect(isOurConvolution({ ...same, pad: 'valid' }, [3, 3, 3, 4, 4])).toBe(false)
    expect(isOurConvolution(same, [2, 2, 2, 4, 4])).toBe(false)
    expect(isOurConvolution(same, [1, 3, 3, 4, 4])).toBe(false)
  })
})
