// Matrix products on plain buffers at WebGPU's default limits, and as tfjs kernels with their gradients.
import { describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs' // registers the gradients of tfjs's own ops
import { columnSum, columnSumKernel } from './columnSum.ts'
import { chooseTiles } from './gpuKernel.ts'
import { differentiateOn, evaluateOnCpu, runKernelOnBuffers, testTensor } from './productTestSupport.ts'
import { linear, matMul, matMulKernel, matMulReference, type MatMulOptions } from './matMul.ts'
import { productTolerance } from './productKernels.ts'
import { chooseProductTile, type RowProduct } from './rowProduct.ts'
import { expectClose } from './testSupport.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu({ limits: 'default' }))
  .catch(() => undefined)
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)
const complaints: string[] = []
gpu?.device.addEventListener('uncapturederror', event => complaints.push(event.error.message))

type Sizes = readonly [aBatch: number, bBatch: number, M: number, N: number, K: number]

const sizes: readonly (readonly [string, Sizes])[] = [
  ['whole tiles', [1, 1, 64, 64, 32]],
  ['tiles that are not filled, in fours', [1, 1, 37, 52, 20]],
  ['odd sizes', [1, 1, 7, 5, 3]],
  ['an odd depth', [2, 2, 19, 12, 17]],
  ['odd columns', [2, 2, 10, 7, 8]],
  ['heads of 12 in a batch', [3, 3, 27, 27, 12]],
  ['a depth of one', [1, 1, 9, 8, 1]],
  ['a single row and column', [2, 2, 1, 1, 24]],
  ['one a for the whole batch', [1, 3, 12, 8, 16]],
  ['one b for the whole batch', [3, 1, 12, 8, 16]],
]

const orders = [
  ['NN', false, false],
  ['NT', false, true],
  ['TN', true, false],
  ['TT', true, true],
] as const

function operands([aBatch, bBatch, M, N, K]: Sizes, transposeA: boolean, transposeB: boolean) {
  return [
    testTensor([aBatch, ...(transposeA ? [K, M] : [M, K])], 1),
    testTensor([bBatch, ...(transposeB ? [N, K] : [K, N])], 2),
  ]
}

describe.skipIf(!gpu)('a matrix product on plain buffers', () => {
  describe.each(['registers', 'shared'] as const)('with tiles in %s', tiles => {
    describe.each(orders)('in the order %s', (_, transposeA, transposeB) => {
      it.each(sizes)('equals tfjs’s with %s', async (_title, size) => {
        const inputs = operands(size, transposeA, transposeB)
        const attributes = { transposeA, transposeB, activation: 'none' }
        const [got] = await runKernelOnBuffers(gpu!.device, matMulKernel, inputs, { attributes, tiles })
        const want = await evaluateOnCpu((a, b) => matMulReference(a, b, { transposeA, transposeB }), inputs)
        expectClose(got, want, productTolerance)
      })

      it.each(['none', 'gelu', 'leakyRelu'] as const)(
        'adds bias and residual around the activation %s',
        async activation => {
          for (const [M, N, K] of [
            [37, 52, 20],
            [9, 7, 5],
          ]) {
            const inputs = [
              ...operands([2, 2, M, N, K], transposeA, transposeB),
              testTensor([N], 3),
              testTensor([2, M, N], 4),
            ]
            const attributes = { transposeA, transposeB, activation }
            const [got] = await runKernelOnBuffers(gpu!.device, matMulKernel, inputs, { attributes, tiles })
            const want = await evaluateOnCpu(
              (a, b, bias, residual) =>
                matMulReference(a, b, { transposeA, transposeB, activation, bias, residual }),
              inputs,
            )
            expectClose(got, want, productTolerance)
          }
        },
      )
    })

    it('equals tfjs’s where there is enough work for the largest tiles', async () => {
      for (const [M, N, K, transposeB] of [
        [8195, 64, 8, false],
        [16389, 60, 4, true],
      ] as const) {
        const inputs = operands([1, 1, M, N, K], false, transposeB)
        const attributes = { transposeB }
        const [got] = await runKernelOnBuffers(gpu!.device, matMulKernel, inputs, { attributes, tiles })
        const want = await evaluateOnCpu((a, b) => matMulReference(a, b, { transposeB }), inputs)
        expectClose(got, want, productTolerance)
      }
    })

    it.each([
      ['rows of a single product', [1, 1, 150, 16, 16], 'NN', 64 * 16 * 4],
      ['samples of a batch', [5, 1, 16, 16, 8], 'NT', 2 * 16 * 16 * 4],
      ['the rows that a weight’s gradient sums over', [1, 1, 8, 16, 256], 'TN', 128 * 16 * 4],
    ] as const)('splits %s where a binding would be too large', async (_, size, order, mostBindingBytes) => {
      const [, transposeA, transposeB] = orders.find(([name]) => name === order)!
      const inputs = operands(size, transposeA, transposeB)
      const attributes = { transposeA, transposeB }
      const run = { attributes, tiles, mostBindingBytes }
      const [got] = await runKernelOnBuffers(gpu!.device, matMulKernel, inputs, run)
      const want = await evaluateOnCpu((a, b) => matMulReference(a, b, attributes), inputs)
      expectClose(got, want, productTolerance)
    })

    it('gives a weight’s gradient bit by bit again', async () => {
      const inputs = operands([1, 1, 24, 12, 4096], true, false)
      const run = { attributes: { transposeA: true }, tiles }
      const [once] = await runKernelOnBuffers(gpu!.device, matMulKernel, inputs, run)
      const [again] = await runKernelOnBuffers(gpu!.device, matMulKernel, inputs, run)
      expect(Array.from(again)).toEqual(Array.from(once))
      const want = await evaluateOnCpu((a, b) => matMulReference(a, b, { transposeA: true }), inputs)
      expectClose(once, want, productTolerance)
    })
  })

  it('refuses what is larger than a binding may be and cannot be split, in a sentence', async () => {
    const inputs = operands([1, 1, 4, 64, 64], false, false)
    const run = runKernelOnBuffers(gpu!.device, matMulKernel, inputs, {
      tiles: 'registers',
      mostBindingBytes: 4096,
    })
    await expect(run).rejects.toThrow(/16384 bytes cannot be bound on this device/)
  })

  it('takes GELU from its exact form, far into both tails', async () => {
    const x = Float32Array.from({ length: 400 }, (_, i) => (i - 200) / 25)
    const inputs = [
      { shape: [400, 1], data: x },
      { shape: [1, 1], data: Float32Array.of(1) },
    ]
    const run = { attributes: { activation: 'gelu' }, tiles: 'registers' as const }
    const [got] = await runKernelOnBuffers(gpu!.device, matMulKernel, inputs, run)
    // erf from its Taylor series in double precision: with |z| ≤ 8/√2 its terms stay below 1e13.
    const erf = (z: number) => {
      if (Math.abs(z) > 4.5) return Math.sign(z)
      let [term, sum] = [z, z]
      for (let n = 1; n < 200; n++) {
        term *= -(z * z) / n
        sum += term / (2 * n + 1)
      }
      return (2 / Math.sqrt(Math.PI)) * sum
    }
    const worst = x.reduce(
      (most, z, i) => Math.max(most, Math.abs(got[i] - (z / 2) * (1 + erf(z / Math.SQRT2)))),
      0,
    )
    // Half of |z| ≤ 8 times erf's 1.5e-7 (the polynomial's 1.3e-7 and a rounding).
    expect(worst).toBeLessThanOrEqual(4 * 1.5e-7 + 5e-7)
  })
})

describe.skipIf(!gpu)('sums of columns on plain buffers', () => {
  it.each([
    ['whole lanes', [1000, 48]],
    ['odd columns', [333, 7]],
    ['a single row', [1, 5]],
    ['a grid', [2, 3, 5, 7, 12]],
  ])('equal tfjs’s with %s', async (_, shape) => {
    const inputs = [testTensor(shape, 1)]
    const want = await evaluateOnCpu(columnSum, inputs)
    for (const mostBindingBytes of [undefined, shape.length === 2 ? 512 * shape[1] : undefined]) {
      const run = { tiles: 'registers' as const, mostBindingBytes }
      const [got] = await runKernelOnBuffers(gpu!.device, columnSumKernel, inputs, run)
      expectClose(got, want, productTolerance)
    }
  })
})

describe.skipIf(!gpu).each(['registers', 'shared'] as const)('matMul in tfjs, with tiles in %s', tiles => {
  const check = async (
    f: (multiply: typeof matMul) => (...inputs: tf.Tensor[]) => tf.Tensor,
    inputs: readonly ReturnType<typeof testTensor>[],
  ) => {
    chooseTiles(tiles)
    const got = await differentiateOn('webgpu', f(matMul), inputs, 9)
    const want = await differentiateOn('cpu', f(matMulReference), inputs, 9)
    want.forEach((values, i) => expectClose(got[i], values, productTolerance))
    expect(complaints).toEqual([])
  }

  it.each(orders)('has the gradients of its reference in the order %s', async (_, transposeA, transposeB) => {
    for (const size of [
      [2, 2, 13, 8, 12],
      [3, 1, 5, 12, 8],
      [1, 3, 6, 4, 7],
    ] as const) {
      const inputs = operands(size, transposeA, transposeB)
      await check(multiply => (a, b) => multiply(a, b, { transposeA, transposeB }), inputs)
    }
  })

  it.each(['none', 'gelu', 'leakyRelu'] as const)(
    'has the gradients of its reference with bias, residual and %s',
    async activation => {
      const [a, b] = operands([1, 1, 45, 24, 12], false, true)
      const inputs = [a, b, testTensor([24], 3), testTensor([1, 45, 24], 4)]
      await check(
        multiply => (x, weight, bias, residual) =>
          multiply(x, weight, { transposeB: true, bias, residual, activation } satisfies MatMulOptions),
        inputs,
      )
    },
  )

  it('is a linear layer over the last axis, without bias too', async () => {
    chooseTiles(tiles)
    const inputs = [testTensor([2, 3, 5, 12], 1), testTensor([8, 12], 2)]
    const f = (x: tf.Tensor, weight: tf.Tensor) => linear(x, weight, undefined, 'gelu')
    const got = await differentiateOn('webgpu', f, inputs, 9)
    const want = await differentiateOn('cpu', f, inputs, 9)
    expect(got[0].length).toBe(2 * 3 * 5 * 8)
    want.forEach((values, i) => expectClose(got[i], values, productTolerance))
  })
})

describe('matMul', () => {
  it('chooses tiles within WebGPU’s guaranteed 16 KiB of workgroup memory and 256 threads', () => {
    for (const rows of [1, 5, 27, 64, 343, 32768])
      for (const columns of [3, 4, 24, 48, 76, 128, 768, 3072])
        for (const depth of [4, 12, 20, 48, 768])
          for (const hasMoments of [false, true]) {
            const product: RowProduct = {
              ...{ batch: 1, rows, columns, depth, segments: 1, source: 'plain', epilogue: 'none' },
              ...{ isRightTransposed: false, isRightShared: true },
            }
            const tile = chooseProductTile(product, 'shared', hasMoments)
            const { threads, chunk } = tile.shared!
            const tileRows = tile.rows * threads[1]
            const tileLanes = tile.lanes * threads[0]
            // Starts, both operands, and a sum for each thread and lane: the arrays of rowProductShared.wgsl.
            const vectors = tileRows * chunk + 4 * chunk * tileLanes
            const sums = hasMoments ? tile.lanes * threads[0] * threads[1] : 0
            expect(4 * tileRows + 16 * (vectors + sums)).toBeLessThanOrEqual(16_384)
            expect(threads[0] * threads[1]).toBeLessThanOrEqual(256)
          }
  })

  it('refuses operands that do not fit each other in a sentence', () => {
    const shapes = (...inputs: (number[] | undefined)[]) => matMulKernel.shapes(inputs, {})
    expect(() => shapes([2, 3], [4, 5])).toThrow(/as many columns in op\(a\) as rows in op\(b\)/)
    expect(() => shapes([2, 3, 4], [3, 4, 5])).toThrow(/equal batches/)
    expect(() => shapes([2, 3], [3, 4], [5])).toThrow(/a bias of 4 numbers/)
    expect(() => shapes([2, 3], [3, 4], undefined, [2, 5])).toThrow(/a residual of shape \[2, 4\]/)
    expect(shapes([7, 1, 2, 3], [3, 4])).toEqual([[7, 1, 2, 4]])
  })
})
