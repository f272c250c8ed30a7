// Image operations on WebGPU: HU window, resampling, tile accumulation, scores. Each agrees with the code that the CPU
// path uses for the same.
import { describe, expect, it } from 'vitest'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import type { Triple } from '../base/shape.ts'
import { normaliseHu } from '../tokens/normalise.ts'
import { clip, gaussianWeights } from '../tokens/tiles.ts'
import { gridAtSpacing, resample } from '../volume/resample.ts'
import { accumulateTile, accumulateTileKernel, accumulateTileReference } from './accumulateTile.ts'
import {
  argMaxChannels,
  argMaxChannelsKernel,
  classProbability,
  classProbabilityKernel,
} from './channelScores.ts'
import { huWindowKernel, windowHu } from './huWindow.ts'
import { evaluateOn, runPlainly, type HostArray } from './kernelTestSupport.ts'
import { expectClose, sample } from './testSupport.ts'
import { trilinearResample, trilinearResampleReference } from './trilinearResample.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu({ limits: 'default' }))
  .catch(() => undefined)

// Otherwise tfjs computes small tensors on the CPU and the GPU is never asked.
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)

const floats = (count: number, seed: number, scale = 1) => sample(count, seed).map(value => scale * value)
const hounsfield = (count: number, seed: number) =>
  Int16Array.from(sample(count, seed), value => Math.round(2000 * value))

describe.skipIf(!gpu)('the HU window', () => {
  const attributes = { huWindow: [-1000, 400], outputRange: [-1, 2] } as const
  const range = [attributes.huWindow, attributes.outputRange] as const

  it.each([256, 131, 1])('maps %i packed int16 as tokens/normalise.ts does', async count => {
    const hu = hounsfield(count + (count % 2), 3)
    const words = { data: new Int32Array(hu.buffer), shape: [hu.length / 2] }
    const [got] = await runPlainly(gpu!.device, huWindowKernel, [words], {
      ...attributes,
      packedShape: [count],
    })
    expectClose(got, normaliseHu(hu.subarray(0, count), ...range), 1e-6)
  })

  it('maps floats and whole numbers alike, in parts too', async () => {
    const hu = hounsfield(1000, 4)
    const want = normaliseHu(hu, ...range)
    for (const data of [Float32Array.from(hu), Int32Array.from(hu)]) {
      const inputs = [{ data, shape: [10, 100] }]
      const [plain] = await runPlainly(gpu!.device, huWindowKernel, inputs, attributes, {
        mostBindingBytes: 1024,
      })
      expectClose(plain, want, 1e-6)
      for (const backend of ['webgpu', 'cpu'])
        expectClose((await evaluateOn(backend, x => [windowHu(x, ...range)], inputs))[0], want, 1e-6)
    }
  })

  it('packed int16 gives the same in parts', async () => {
    const hu = hounsfield(1400, 5)
    const words = { data: new Int32Array(hu.buffer), shape: [700] }
    const options = { ...attributes, packedShape: [1400] }
    const [parts] = await runPlainly(gpu!.device, huWindowKernel, [words], options, {
      mostBindingBytes: 2100,
    })
    expectClose(parts, normaliseHu(hu, ...range), 1e-6)
  })

  it('refuses a window that does not rise', () => {
    expect(() => huWindowKernel.shapes([[4]], { huWindow: [5, 5], outputRange: [0, 1] })).toThrow(
      'huWindow: the HU window must rise, got [5, 5].',
    )
  })
})

describe.skipIf(!gpu)('trilinear resampling', () => {
  const shape: Triple = [7, 10, 12]
  const spacingMm: Triple = [2, 0.8, 0.7]

  it.each([
    ['finer on every axis', [1, 0.5, 0.45]],
    ['coarser on every axis', [5, 1.9, 2.4]],
    ['coarser in plane, finer across', [1.5, 1.5, 1.5]],
    ['the same', [2, 0.8, 0.7]],
  ] as [string, Triple][])('to %s agrees with volume/resample.ts and with the reference', async (_, to) => {
    const hu = hounsfield(840, 1)
    const scan = { shape, spacingMm, affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], hu }
    const grid = gridAtSpacing(scan, to).shape
    const step = to.map((mm, axis) => mm / spacingMm[axis]) as unknown as Triple
    const wanted = resample(scan, to).hu
    for (const data of [Float32Array.from(hu), Int32Array.from(hu)]) {
      const inputs: HostArray[] = [{ data, shape: [1, ...shape, 1] }]
      const [got] = await evaluateOn('webgpu', x => [trilinearResample(x, grid, step)], inputs)
      const [reference] = await evaluateOn('cpu', x => [trilinearResampleReference(x, grid, step)], inputs)
      expectClose(got, reference, 2e-6)
      // resample.ts rounds to whole HU; halves may fall either way.
      const errors = Array.from(wanted, (value, i) => Math.abs(value - got[i]))
      expect(Math.max(...errors)).toBeLessThanOrEqual(0.5 + 1e-3)
    }
  })

  it('keeps samples and channels apart', async () => {
    const inputs = [{ data: floats(2 * 60 * 4, 2), shape: [2, 3, 4, 5, 4] }]
    const of = (x: tf.Tensor) => [trilinearResample(x, [4, 3, 7], [0.7, 1.4, 0.7])]
    const [got] = await evaluateOn('webgpu', of, inputs)
    const [want] = await evaluateOn('cpu', of, inputs)
    expectClose(got, want, 2e-6)
  })
})

describe.skipIf(!gpu)('tile accumulation', () => {
  const [volume, tile]: [Triple, Triple] = [
    [9, 8, 8],
    [5, 4, 3],
  ]
  const gaussian = { data: Float32Array.from(gaussianWeights(tile)), shape: tile }
  const sum = { data: floats(576, 1), shape: volume }
  const weight = { data: floats(576, 2), shape: volume }
  const probability = { data: floats(60, 3), shape: tile }

  /** As prediction/blend.ts adds a tile. */
  function blend(origin: Triple): Float32Array[] {
    const [sums, weights] = [sum.data.slice(), weight.data.slice()]
    const { low, high } = clip(origin, tile, volume)
    for (let d = low[0]; d < high[0]; d++)
      for (let h = low[1]; h < high[1]; h++)
        for (let w = low[2]; w < high[2]; w++) {
          const from = ((d - origin[0]) * tile[1] + h - origin[1]) * tile[2] + w - origin[2]
          sums[(d * 8 + h) * 8 + w] += gaussian.data[from] * probability.data[from]
          weights[(d * 8 + h) * 8 + w] += gaussian.data[from]
        }
    return [sums, weights]
  }

  it.each([
    ['inside', [2, 3, 4]],
    ['beyond the beginning', [-2, -1, -1]],
    ['beyond the end', [7, 6, 7]],
    ['outside', [9, 0, 0]],
  ] as [string, Triple][])(
    'adds a tile that lies %s, copied and in place, whole and in slabs',
    async (_, at) => {
      const want = blend(at)
      const inputs = [sum, weight, probability, gaussian, { data: Int32Array.from(at), shape: [3] }]
      for (const inPlace of [{}, { 0: 0, 1: 1 }] as Record<number, number>[])
        for (const mostBindingBytes of [undefined, 4 * 64 * 4]) {
          const run = { inPlace, mostBindingBytes }
          const got = await runPlainly(gpu!.device, accumulateTileKernel, inputs, {}, run)
          got.forEach((values, i) => expectClose(values, want[i], 1e-6))
        }
      const got = await evaluateOn('webgpu', (...x) => accumulateTile(x[0], x[1], x[2], x[3], x[4]), inputs)
      const reference = await evaluateOn(
        'cpu',
        (...x) => accumulateTileReference(x[0], x[1], x[2], x[3], x[4]),
        inputs,
      )
      got.forEach((values, i) => expectClose(values, reference[i], 1e-6))
    },
  )
})

describe.skipIf(!gpu)('scores of channels', () => {
  it.each([2, 5, 13])('of %i channels give the largest one and the probability of each', async K => {
    const x = { data: floats(2 * 300 * K, 4, 8).map(value => Math.round(2 * value) / 2), shape: [2, 300, K] }
    const [index] = await evaluateOn('webgpu', y => [argMaxChannels(y)], [x])
    // tfjs leaves open which of equals it takes: worked out here.
    const row = (i: number) => Array.from(x.data.subarray(i * K, (i + 1) * K))
    const wanted = Array.from({ length: 600 }, (_, i) => row(i).indexOf(Math.max(...row(i))))
    expect(Array.from(index)).toEqual(wanted)
    for (const channel of [0, K - 1]) {
      const of = (y: tf.Tensor) => [classProbability(y, channel)]
      const [got] = await evaluateOn('webgpu', of, [x])
      expectClose(got, (await evaluateOn('cpu', of, [x]))[0], 2e-6)
    }
  })

  it('are the same in parts', async () => {
    const x = { data: floats(700 * 3, 5), shape: [700, 3] }
    for (const kernel of [argMaxChannelsKernel, classProbabilityKernel]) {
      const [whole] = await runPlainly(gpu!.device, kernel, [x], { channel: 1 })
      const [parts] = await runPlainly(gpu!.device, kernel, [x], { channel: 1 }, { mostBindingBytes: 3100 })
      expect(Array.from(parts)).toEqual(Array.from(whole))
      expect(whole.every(Number.isFinite)).toBe(true)
    }
  })
})
