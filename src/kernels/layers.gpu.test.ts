// Normalisation and activation on WebGPU: on plain buffers at default limits, beside double precision; and as tfjs kernels
// with their gradients, beside the autodiff of their references on the CPU.
import { beforeEach, describe, expect, it } from 'vitest'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { gelu, geluKernel, geluReference } from './gelu.ts'
import { chooseTiles } from './gpuKernel.ts'
import { differentiateOn, runPlainly, type HostArray, type TensorFunction } from './kernelTestSupport.ts'
import { instanceNorm, instanceNormReference } from './instanceNorm.ts'
import { instanceNormGradientKernel, instanceNormKernel } from './instanceNormProgram.ts'
import {
  layerNormGradientKernel,
  layerNormKernel,
  layerNormReference,
  normaliseLayer,
  plainLayerNormKernel,
} from './layerNorm.ts'
import { embedBlocks } from './patchEmbed.ts'
import {
  patchEmbedInputGradientKernel,
  patchEmbedKernel,
  patchEmbedWeightGradientKernel,
} from './patchEmbedProgram.ts'
import { mergeNorm, mergeNormGradientKernel, mergeNormKernel } from './patchMerge.ts'
import { expectClose, sample } from './testSupport.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu({ limits: 'default' }))
  .catch(() => undefined)

// Otherwise tfjs computes small tensors on the CPU and the GPU is never asked.
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
const floats = (shape: readonly number[], seed: number, scale = 1, offset = 0): HostArray => ({
  data: sample(size(shape), seed).map(value => scale * value + offset),
  shape,
})

// Sums over a row in another order and the driver's inverse square root, exact to two units; gradients sum such terms
// over rows. The golden fixtures ask for 2e-5 and 1e-4.
const tolerance = { forward: 2e-6, gradient: 1e-5 }

type Rows = readonly (readonly number[])[]

/** Rows normalised in double precision. */
function normalisePlainly(rows: Rows, weight: ArrayLike<number>, bias: ArrayLike<number>): number[] {
  return rows.flatMap(row => {
    const mean = row.reduce((a, b) => a + b) / row.length
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length
    return row.map((value, c) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[c] + bias[c])
  })
}

function toRows({ data }: HostArray, width: number): Rows {
  return Array.from({ length: data.length / width }, (_, row) =>
    Array.from(data.slice(row * width, (row + 1) * width)),
  )
}

/** The gathered rows of patch merging, voxel by voxel. */
function gatherPlainly({ data, shape }: HostArray, order: readonly number[]): Rows {
  const [B, d, h, w, C] = shape
  const rows: number[][] = []
  for (let b = 0; b < B; b++)
    for (let i = 0; i < d; i += 2)
      for (let j = 0; j < h; j += 2)
        for (let k = 0; k < w; k += 2)
          rows.push(
            order.flatMap(child => {
              const at = [i + (child >> 2), j + ((child >> 1) & 1), k + (child & 1)]
              const first = (((b * d + at[0]) * h + at[1]) * w + at[2]) * C
              const isInside = at[0] < d && at[1] < h && at[2] < w
              return Array.from({ length: C }, (_, c) => (isInside ? data[first + c] : 0))
            }),
          )
  return rows
}

const tiles = ['registers', 'shared', 'subgroups'] as const
const isOffered = (family: (typeof tiles)[number]) =>
  family !== 'subgroups' || gpu?.device.features.has('subgroups') === true

describe.skipIf(!gpu).each(tiles)('layer normalisation, tiles in %s', family => {
  beforeEach(({ skip }) => skip(!isOffered(family), 'the device offers no subgroups'))

  it.each([[[3, 5, 24]], [[1, 48]], [[7, 13]], [[70, 9]], [[2, 33, 96]], [[5, 3072]], [[3, 1030]], [[9, 1]]])(
    'follows the definition for x of shape %j',
    async shape => {
      const channels = shape[shape.length - 1]
      const [x, weight, bias] = [floats(shape, 1, 3, 2), floats([channels], 2), floats([channels], 3)]
      const inputs = [x, weight, bias]
      const [got] = await runPlainly(gpu!.device, layerNormKernel, inputs, {}, { tiles: family })
      expectClose(got, normalisePlainly(toRows(x, channels), weight.data, bias.data), tolerance.forward)
      const [plain] = await runPlainly(gpu!.device, plainLayerNormKernel, [x], {}, { tiles: family })
      const [ones, zeros] = [new Float32Array(channels).fill(1), new Float32Array(channels)]
      expectClose(plain, normalisePlainly(toRows(x, channels), ones, zeros), tolerance.forward)
    },
  )

  it('keeps the digits of rows that vary by a thousandth around a thousand', async () => {
    const x = floats([6, 48], 4, 1e-3, 1000)
    const [got] = await runPlainly(gpu!.device, plainLayerNormKernel, [x], {}, { tiles: family })
    // The numbers themselves are what float32 leaves of them: the comparison begins there.
    const [ones, zeros] = [new Float32Array(48).fill(1), new Float32Array(48)]
    expectClose(got, normalisePlainly(toRows(x, 48), ones, zeros), tolerance.forward)
  })

  it.each([[[3, 5, 24]], [[7, 13]], [[1100, 8]], [[2, 1030]]])(
    'has its reference’s gradient for x of shape %j',
    async shape => {
      chooseTiles(family)
      const channels = shape[shape.length - 1]
      const inputs = [floats(shape, 1, 3, 2), floats([channels], 2), floats([channels], 3)]
      const dOutput = sample(size(shape), 5)
      const got = await differentiateOn('webgpu', normaliseLayer as TensorFunction, inputs, [], dOutput)
      const want = await differentiateOn('cpu', layerNormReference as TensorFunction, inputs, [], dOutput)
      want.forEach((values, i) => expectClose(got[i], values, i ? tolerance.gradient : tolerance.forward))
      const plain = await differentiateOn('webgpu', x => normaliseLayer(x), inputs.slice(0, 1), [], dOutput)
      const reference = await differentiateOn(
        'cpu',
        x => layerNormReference(x),
        inputs.slice(0, 1),
        [],
        dOutput,
      )
      reference.forEach((values, i) => expectClose(plain[i], values, tolerance.gradient))
    },
  )

  it('gives the same bit by bit in parts that a small device may bind, and when computed again', async () => {
    const inputs = [floats([200, 24], 1), floats([200, 24], 2), floats([24], 3)]
    const run = (mostBindingBytes?: number) =>
      runPlainly(gpu!.device, layerNormGradientKernel, inputs, {}, { tiles: family, mostBindingBytes })
    const [whole, again, parts] = [await run(), await run(), await run(8192)]
    expect(again).toEqual(whole)
    expect(parts).toEqual(whole)
    const forward = [inputs[0], inputs[2], inputs[2]]
    const one = await runPlainly(gpu!.device, layerNormKernel, forward, {}, { tiles: family })
    const two = await runPlainly(
      gpu!.device,
      layerNormKernel,
      forward,
      {},
      { tiles: family, mostBindingBytes: 8192 },
    )
    expect(two).toEqual(one)
  })
})

// Children numbered 4·od + 2·oh + ow, in the four orders of SPEC 2.3; monai_v1 repeats two and leaves two out.
const orders = [
  ['smit', [0, 4, 2, 1, 6, 3, 5, 7]],
  ['monai_v15', [0, 4, 2, 1, 6, 5, 3, 7]],
  ['monai_v1', [0, 4, 2, 1, 5, 2, 1, 7]],
  ['monai_v2', [0, 1, 2, 3, 4, 5, 6, 7]],
] as const
const grids = [
  [2, 4, 4, 6, 8],
  [2, 5, 3, 4, 3],
  [1, 1, 3, 1, 4],
] as const

describe.skipIf(!gpu).each(tiles.filter(isOffered))(
  'patch merging with its normalisation, tiles in %s',
  family => {
    describe.each(orders)('in the order %s', (_, order) => {
      it.each(grids.map(grid => [grid]))('gathers and normalises a grid of shape %j', async shape => {
        const width = 8 * shape[4]
        const [x, weight, bias] = [floats(shape, 1, 3, 1), floats([width], 2), floats([width], 3)]
        const attributes = { order: [...order] }
        const inputs = [x, weight, bias]
        const [got] = await runPlainly(gpu!.device, mergeNormKernel, inputs, attributes, { tiles: family })
        expectClose(got, normalisePlainly(gatherPlainly(x, order), weight.data, bias.data), tolerance.forward)
      })

      it('has the gradient of its composition', async () => {
        chooseTiles(family)
        const shape = [2, 5, 3, 4, 3]
        const inputs = [floats(shape, 1, 3, 1), floats([24], 2), floats([24], 3)]
        // Each element of the gathered rows by its number in x, the number after the last where there is none.
        const numbers = { data: Float32Array.from({ length: 360 }, (_unused, i) => i + 1), shape }
        const sources = Int32Array.from(gatherPlainly(numbers, order).flat(), number => (number + 360) % 361)
        const composed: TensorFunction = (x, weight, bias) => {
          const padded = tf.concat([tf.reshape(x, [-1]), tf.zeros([1])])
          const rows = tf.reshape(tf.gather(padded, tf.tensor1d(sources, 'int32')), [2, 3, 2, 2, 24])
          return layerNormReference(rows, weight, bias)
        }
        const merged: TensorFunction = (x, weight, bias) => mergeNorm(x, weight, bias, order)
        const dOutput = sample(2 * 12 * 24, 5)
        const got = await differentiateOn('webgpu', merged, inputs, [], dOutput)
        const want = await differentiateOn('cpu', composed, inputs, [], dOutput)
        want.forEach((values, i) => expectClose(got[i], values, i ? tolerance.gradient : tolerance.forward))
      })
    })

    it('gives the same bit by bit sample by sample where a batch is too large to bind', async () => {
      const inputs = [floats([3, 3, 4, 4, 8], 1), floats([3, 2, 2, 2, 64], 2), floats([64], 3)]
      const run = (mostBindingBytes?: number) =>
        runPlainly(
          gpu!.device,
          mergeNormGradientKernel,
          inputs,
          { order: [...orders[0][1]] },
          { tiles: family, mostBindingBytes },
        )
      // Two samples of 2048 bytes, then the third.
      expect(await run(4096)).toEqual(await run())
      await expect(run(1024)).rejects.toThrow(/cannot be bound/)
    })
  },
)

const scale = (x: HostArray, by: number, offset = 0): HostArray => ({
  data: x.data.map(value => by * value + offset) as Float32Array<ArrayBuffer>,
  shape: x.shape,
})

/** InstanceNorm, residual sum and activation in double precision. */
function normaliseVolumePlainly({ data, shape }: HostArray, slope: number, residual?: HostArray): number[] {
  const [B, D, H, W, C] = shape
  const V = D * H * W
  const y = new Array<number>(data.length)
  for (let b = 0; b < B; b++)
    for (let c = 0; c < C; c++) {
      const places = Array.from({ length: V }, (_, v) => (b * V + v) * C + c)
      const mean = places.reduce((sum, at) => sum + data[at], 0) / V
      const variance = places.reduce((sum, at) => sum + (data[at] - mean) ** 2, 0) / V
      for (const at of places) {
        const t = (data[at] - mean) / Math.sqrt(variance + 1e-5) + (residual?.data[at] ?? 0)
        y[at] = t > 0 ? t : slope * t
      }
    }
  return y
}

describe.skipIf(!gpu)('InstanceNorm with residual and LeakyReLU', () => {
  it.each([
    ['an odd grid, single channels', [2, 3, 5, 6, 3]],
    ['lanes of four channels', [2, 4, 4, 3, 8]],
    ['more slices than are joined at once', [2, 12, 13, 11, 4]],
  ])('follows the definition for %s', async (_, shape) => {
    const [x, residual] = [floats(shape, 1, 3, 2), floats(shape, 2)]
    for (const [inputs, slope] of [
      [[x], 1],
      [[x], 0.01],
      [[x, residual], 0.01],
    ] as const) {
      const [got] = await runPlainly(gpu!.device, instanceNormKernel, inputs, { slope })
      expectClose(got, normaliseVolumePlainly(x, slope, inputs[1]), tolerance.forward)
    }
  })

  it('keeps the digits of a volume that varies by a thousandth around a thousand', async () => {
    const x = floats([1, 12, 12, 12, 4], 1, 1e-3, 1000)
    const [got] = await runPlainly(gpu!.device, instanceNormKernel, [x], { slope: 1 })
    expectClose(got, normaliseVolumePlainly(x, 1), tolerance.forward)
  })

  it('keeps them where the first voxel is an outlier', async () => {
    const x = floats([1, 12, 12, 12, 4], 1, 1e-2, 0)
    x.data.set([300, -300, 1e3, 50])
    const [got] = await runPlainly(gpu!.device, instanceNormKernel, [x], { slope: 1 })
    // Taken from the outlier, differences round to 2^-24 of it; the largest result is the outlier's own, as many spreads away.
    const want = normaliseVolumePlainly(x, 1)
    expectClose(got, want, tolerance.forward)
  })

  it.each([
    ['an odd grid, single channels', [2, 3, 5, 6, 3]],
    ['lanes of four channels', [2, 4, 4, 3, 8]],
    ['more slices than sumRows takes at once', [1, 12, 10, 11, 4]],
  ])('has its reference’s gradient for %s', async (_, shape) => {
    const inputs = [floats(shape, 1, 3, 2), floats(shape, 2)]
    const dOutput = sample(size(shape), 3)
    const of =
      (f: typeof instanceNorm, slope?: number): TensorFunction =>
      (x, residual) =>
        f(x, { residual, slope })
    for (const [given, slope] of [
      [inputs.slice(0, 1), undefined],
      [inputs.slice(0, 1), 0.01],
      [inputs, 0.01],
      [inputs, undefined],
    ] as const) {
      const got = await differentiateOn('webgpu', of(instanceNorm, slope), given, [], dOutput)
      const want = await differentiateOn('cpu', of(instanceNormReference, slope), given, [], dOutput)
      want.forEach((values, i) => expectClose(got[i], values, i ? tolerance.gradient : tolerance.forward))
    }
  })

  it('gives exactly zero for a single voxel, and lets no gradient through but the residual’s', async () => {
    const x = { data: Float32Array.of(3.7, -1e6, 1e-20, 5), shape: [1, 1, 1, 1, 4] }
    const residual = { data: Float32Array.of(1, -1, 2, -2), shape: x.shape }
    const dOutput = Float32Array.of(1.3, -7, 1e5, 2)
    const f: TensorFunction = (a, r) => instanceNorm(a, { residual: r, slope: 0.01 })
    const [y, dx, dResidual] = await differentiateOn('webgpu', f, [x, residual], [], dOutput)
    expect(Array.from(y)).toEqual([1, Math.fround(-0.01), 2, Math.fround(-0.02)])
    expect(Array.from(dx, Math.abs)).toEqual([0, 0, 0, 0])
    expectClose(dResidual, [1.3, -0.07, 1e5, 0.02], 1e-7)
    const [alone] = await runPlainly(gpu!.device, instanceNormKernel, [x], { slope: 1 })
    expect(Array.from(alone, Math.abs)).toEqual([0, 0, 0, 0])
  })

  it('gives the same bit by bit sample by sample, in parts of a sample, and when computed again', async () => {
    const shape = [2, 8, 8, 8, 4]
    const x = floats(shape, 1, 3)
    const forward = (mostBindingBytes?: number) =>
      runPlainly(
        gpu!.device,
        instanceNormKernel,
        [x, scale(x, -0.5, 1)],
        { slope: 0.01 },
        { mostBindingBytes },
      )
    const [y, statistics] = await forward()
    expect(await forward()).toEqual([y, statistics])
    // A sample has 8192 bytes: one at once, then halves.
    for (const most of [8192, 4096]) expect(await forward(most)).toEqual([y, statistics])
    const inputs = [x, { data: y as Float32Array<ArrayBuffer>, shape }, floats(shape, 2)]
    inputs.splice(2, 0, { data: statistics as Float32Array<ArrayBuffer>, shape: [2, 3, 4] })
    const backward = (mostBindingBytes?: number) =>
      runPlainly(
        gpu!.device,
        instanceNormGradientKernel,
        inputs,
        { slope: 0.01, hasResidual: true },
        { mostBindingBytes },
      )
    const whole = await backward()
    for (const most of [undefined, 8192, 4096]) expect(await backward(most)).toEqual(whole)
  })

  it('refuses what does not fit, in a sentence', () => {
    expect(() => instanceNormKernel.shapes([[2, 3]], { slope: 1 })).toThrow(/expected x of shape/)
    expect(() => instanceNormKernel.shapes([[1, 2, 2, 2, 3]], {})).toThrow(/expected a slope above 0/)
    expect(() =>
      instanceNormKernel.shapes(
        [
          [1, 2, 2, 2, 3],
          [1, 2, 2, 2, 4],
        ],
        { slope: 1 },
      ),
    ).toThrow(/expected a residual of shape \[1, 2, 2, 2, 3\]/)
  })
})

describe.skipIf(!gpu)('patch embedding', () => {
  it.each([
    ['odd sides, a batch of two, two input channels, lanes of four', [2, 5, 4, 3, 2], 8],
    ['even sides, single channels', [1, 4, 6, 2, 1], 7],
    ['a single voxel', [1, 1, 1, 1, 3], 4],
    ['more slices than are joined at once', [1, 20, 21, 22, 1], 4],
  ])('equals a convolution of the padded grid, with its gradients, for %s', async (_, shape, channels) => {
    const [B, D, H, W, Cin] = shape
    const inputs = [floats(shape, 1), floats([channels, Cin, 2, 2, 2], 2), floats([channels], 3)]
    const padded = [D, H, W].map(side => [0, side % 2] as [number, number])
    const convolve: TensorFunction = (x, weight, bias) => {
      const whole = tf.pad(tf.reshape(x, [B, D, H, W * Cin]), [
        [0, 0],
        padded[0],
        padded[1],
        [0, padded[2][1] * Cin],
      ])
      const grid = tf.reshape(whole, [B, D + padded[0][1], H + padded[1][1], W + padded[2][1], Cin])
      const filter = tf.transpose(weight, [2, 3, 4, 1, 0])
      const y = tf.conv3d(grid as tf.Tensor5D, filter as tf.Tensor5D, 2, 'valid')
      return tf.add(y, tf.reshape(bias, [1, 1, 1, 1, -1]))
    }
    const dOutput = sample(B * Math.ceil(D / 2) * Math.ceil(H / 2) * Math.ceil(W / 2) * channels, 4)
    const got = await differentiateOn('webgpu', embedBlocks as TensorFunction, inputs, [], dOutput)
    const want = await differentiateOn('cpu', convolve, inputs, [], dOutput)
    want.forEach((values, i) => expectClose(got[i], values, i ? tolerance.gradient : tolerance.forward))
  })

  it('gives the same bit by bit sample by sample, and when computed again', async () => {
    const [shape, coarse] = [
      [3, 4, 4, 8, 2],
      [3, 2, 2, 4, 8],
    ]
    const [x, weight, bias, dy] = [floats(shape, 1), floats([16, 8], 2), floats([8], 3), floats(coarse, 4)]
    for (const [kernel, inputs] of [
      [patchEmbedKernel, [x, weight, bias]],
      [patchEmbedInputGradientKernel, [weight, dy]],
      [patchEmbedWeightGradientKernel, [x, weight, dy]],
    ] as const) {
      const run = (mostBindingBytes?: number) =>
        runPlainly(gpu!.device, kernel, inputs, { shape }, { mostBindingBytes })
      const whole = await run()
      expect(await run()).toEqual(whole)
      // Samples have 1024 and 512 bytes: two at once.
      expect(await run(2048)).toEqual(whole)
    }
  })

  it('refuses a weight of other channels, in a sentence', () => {
    expect(() => patchEmbedKernel.shapes([[1, 4, 4, 4, 2], [8, 12], [12]], {})).toThrow(
      /expected a weight of shape \[16, 12\], got \[8, 12\]/,
    )
  })
})

/** erf by its series below 3 and its continued fraction above, both to double precision. */
function erf(x: number): number {
  const s = Math.abs(x)
  if (s < 3) {
    let [term, sum] = [s, s]
    for (let n = 1; n < 100; n++) {
      term *= (-s * s) / n
      sum += term / (2 * n + 1)
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI)
  }
  let fraction = s
  for (let n = 60; n > 0; n--) fraction = s + n / 2 / fraction
  return Math.sign(x) * (1 - Math.exp(-s * s) / (fraction * Math.sqrt(Math.PI)))
}

describe.skipIf(!gpu)('GELU', () => {
  it('has the exact erf to 1e-7 everywhere', async () => {
    const x = { data: Float32Array.from({ length: 40_001 }, (_, i) => (i - 20_000) / 2000), shape: [40_001] }
    const [got] = await runPlainly(gpu!.device, geluKernel, [x])
    const excess = Array.from(x.data, (value, i) => {
      const exact = 0.5 * value * (1 + erf(value / Math.SQRT2))
      // y = x (1 + erf) / 2: half of erf's error times x, and the rounding of the product.
      return Math.abs(got[i] - exact) - (0.5e-7 * Math.abs(value) + 2 ** -24 * Math.abs(exact))
    })
    expect(Math.max(...excess)).toBeLessThanOrEqual(0)
  })

  it('stays finite and exact far out', async () => {
    const x = { data: Float32Array.of(-1e30, -40, -0, 0, 40, 1e30), shape: [6] }
    const [got] = await runPlainly(gpu!.device, geluKernel, [x])
    expect(Array.from(got, Math.abs)).toEqual([0, 0, 0, 0, 40, Math.fround(1e30)])
  })

  it.each([[[301]], [[2, 3, 8]], [[5]]])('has its reference’s gradient for x of shape %j', async shape => {
    const inputs = [floats(shape, 1, 4)]
    const dOutput = sample(size(shape), 2)
    const got = await differentiateOn('webgpu', gelu as TensorFunction, inputs, [], dOutput)
    const want = await differentiateOn('cpu', geluReference as TensorFunction, inputs, [], dOutput)
    // tfjs's own erf is an approximation good to 1.5e-7.
    want.forEach((values, i) => expectClose(got[i], values, 2e-6))
  })

  it('gives the same in parts that a small device may bind', async () => {
    const x = floats([1000, 4], 1, 4)
    const [whole] = await runPlainly(gpu!.device, geluKernel, [x])
    const [parts] = await runPlainly(gpu!.device, geluKernel, [x], {}, { mostBindingBytes: 5000 })
    expect(parts).toEqual(whole)
  })
})
