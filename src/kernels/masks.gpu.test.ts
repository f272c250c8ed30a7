// Masks and patch dropout on WebGPU: on plain buffers at default limits, and as tfjs kernels.
import { describe, expect, it } from 'vitest'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { maskedRanks } from '../tokens/tokenDraw.ts'
import { attentionMask, attentionMaskReference, topKMaskKernel } from './topKMask.ts'
import { expandMask, expandMaskKernel, expandMaskReference } from './expandMask.ts'
import { drawKeepPattern, droppedTokens, keepPattern, keepPatternKernel } from './keepPattern.ts'
import { differentiateOn, evaluateOn, runPlainly, type HostArray } from './kernelTestSupport.ts'
import { patchDropout, patchDropoutKernel } from './patchDropout.ts'
import { sample } from './testSupport.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu({ limits: 'default' }))
  .catch(() => undefined)

// Otherwise tfjs computes small tensors on the CPU and the GPU is never asked.
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)

const counterOf = (seed: number, step: number): HostArray => ({
  data: Int32Array.of(seed, step),
  shape: [2],
})

/** The mask by sorting, the rule as SPEC 4 words it. */
function maskBySorting(values: Float32Array, N: number, ratio: number, hint: number): number[] {
  const [first, end] = maskedRanks(N, ratio, hint)
  return Array.from({ length: values.length / N }, (_, row) => {
    const own = values.subarray(row * N, (row + 1) * N)
    const order = Array.from(own.keys()).sort((a, b) => own[b] - own[a] || a - b)
    const mask = new Array<number>(N).fill(0)
    for (const token of order.slice(first, end)) mask[token] = 1
    return mask
  }).flat()
}

describe.skipIf(!gpu)('the attention mask', () => {
  it.each([
    ['one token', 1, 1],
    ['a whole workgroup', 2, 64],
    ['a partial workgroup across samples', 3, 27],
    ['the tokens of a 128³ crop', 2, 4096],
  ])('follows SPEC 4 with %s', async (_, B, N) => {
    const data = sample(B * N, 5)
    const [mask] = await runPlainly(gpu!.device, topKMaskKernel, [{ data, shape: [B, N] }], {
      ratio: 0.7,
      hint: 0.1,
    })
    expect(Array.from(mask)).toEqual(maskBySorting(data, N, 0.7, 0.1))
  })

  it('prefers the lower index among equals, as tfjs’s reference does', async () => {
    const data = sample(2 * 90, 6).map(value => Math.round(4 * value))
    const inputs = [{ data, shape: [2, 90] }]
    const [got] = await evaluateOn('webgpu', x => [attentionMask(x, 0.6, 0.05)], inputs)
    const [want] = await evaluateOn('cpu', x => [attentionMaskReference(x, 0.6, 0.05)], inputs)
    expect(Array.from(got)).toEqual(Array.from(want))
    expect(Array.from(got)).toEqual(maskBySorting(data, 90, 0.6, 0.05))
  })
})

describe.skipIf(!gpu)('mask expansion', () => {
  it.each([
    [4, [3, 2, 5]],
    [8, [1, 3, 2]],
    [3, [2, 3, 1]],
  ])('by %i repeats each token over its block', async (factor, grid) => {
    const N = grid.reduce((a, b) => a * b)
    const inputs = [{ data: sample(2 * N, 7), shape: [2, N] }]
    const [plain] = await runPlainly(gpu!.device, expandMaskKernel, inputs, { grid, factor })
    const [got] = await evaluateOn('webgpu', x => [expandMask(x, grid, factor)], inputs)
    const [want] = await evaluateOn('cpu', x => [expandMaskReference(x, grid, factor)], inputs)
    expect(Array.from(plain)).toEqual(Array.from(want))
    expect(Array.from(got)).toEqual(Array.from(want))
  })

  it('refuses a mask of another grid in a sentence', () => {
    expect(() => expandMaskKernel.shapes([[2, 11]], { grid: [3, 2, 2], factor: 4 })).toThrow(
      'expandMask: expected a mask of the grid 3×2×2 of shape [2, 12], got [2, 11].',
    )
  })
})

describe.skipIf(!gpu)('the keep pattern', () => {
  it.each([
    [1, [1, 1, 1]],
    [3, [3, 4, 3]],
    [2, [16, 16, 16]],
  ])('drops exactly the share of SPEC 4, the same tokens as the CPU, in %i samples', async (B, grid) => {
    const shape = [B, ...grid]
    const N = grid.reduce((a, b) => a * b)
    const [keep] = await runPlainly(gpu!.device, keepPatternKernel, [counterOf(7, 3)], { shape, ratio: 0.7 })
    expect(Array.from(keep)).toEqual(Array.from(drawKeepPattern(7, 3, B, N)))
    for (let b = 0; b < B; b++) {
      const zeros = keep.subarray(b * N, (b + 1) * N).filter(value => value === 0)
      expect(zeros.length).toBe(droppedTokens(N, 0.7))
    }
  })

  it.each([0, 1])('keeps to a ratio of %i', async ratio => {
    const [keep] = await runPlainly(gpu!.device, keepPatternKernel, [counterOf(1, 1)], {
      shape: [1, 5, 5, 5],
      ratio,
    })
    expect(Array.from(keep)).toEqual(new Array(125).fill(1 - ratio))
  })

  it('is the same when it is drawn again, and another for another seed, step or sample', async () => {
    const draw = async (seed: number, step: number) =>
      (
        await evaluateOn('webgpu', counter => [keepPattern(counter, [2, 4, 4, 4])], [counterOf(seed, step)])
      )[0]
    const once = await draw(11, 5)
    expect(Array.from(await draw(11, 5))).toEqual(Array.from(once))
    expect(Array.from(await draw(12, 5))).not.toEqual(Array.from(once))
    expect(Array.from(await draw(11, 6))).not.toEqual(Array.from(once))
    expect(Array.from(once.subarray(0, 64))).not.toEqual(Array.from(once.subarray(64)))
  })
})

describe.skipIf(!gpu)('patch dropout', () => {
  it.each([8, 7])('and its gradient keep and drop whole tokens of %i channels', async C => {
    const grid = [2, 3, 5, 4]
    const keep = { data: drawKeepPattern(1, 2, 2, 60), shape: grid }
    const x = { data: sample(120 * C, 1), shape: [...grid, C] }
    const dOutput = sample(120 * C, 2)
    const got = await differentiateOn('webgpu', patchDropout, [x], [keep], dOutput)
    const want = await differentiateOn('cpu', patchDropout, [x], [keep], dOutput)
    got.forEach((values, i) => expect(Array.from(values)).toEqual(Array.from(want[i])))
  })

  it('takes a keep pattern of whole numbers too', async () => {
    const inputs = [
      { data: Float32Array.of(1, 2, 3, 4), shape: [1, 1, 1, 2, 2] },
      { data: Int32Array.of(0, 1), shape: [1, 1, 1, 2] },
    ]
    const cast = (x: tf.Tensor, keep: tf.Tensor) => [patchDropout(x, tf.cast(keep, 'float32'))]
    expect(Array.from((await evaluateOn('webgpu', cast, inputs))[0])).toEqual([0, 0, 3, 4])
  })

  it('gives the same in parts when the tokens are larger than a binding may be', async () => {
    const inputs = [
      { data: sample(700 * 5, 1), shape: [700, 5] },
      { data: drawKeepPattern(1, 2, 1, 700), shape: [700] },
    ]
    const [whole] = await runPlainly(gpu!.device, patchDropoutKernel, inputs)
    const [parts] = await runPlainly(gpu!.device, patchDropoutKernel, inputs, {}, { mostBindingBytes: 5200 })
    expect(Array.from(parts)).toEqual(Array.from(whole))
    expect(whole.some(value => value !== 0)).toBe(true)
  })
})
