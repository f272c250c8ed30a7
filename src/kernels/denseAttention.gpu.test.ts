// Attention over all tokens on WebGPU: on plain buffers at default limits, beside double precision and finite differences;
// and as a tfjs kernel with its gradient, beside the autodiff of its reference on the CPU.
import { describe, expect, it } from 'vitest'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { denseAttention, denseAttentionReference } from './denseAttention.ts'
import { denseAttentionGradientKernel, denseAttentionKernel } from './denseAttentionProgram.ts'
import { chooseTiles } from './gpuKernel.ts'
import { evaluateOn, runPlainly, type HostArray } from './kernelTestSupport.ts'
import { expectClose, sample } from './testSupport.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu({ limits: 'default' }))
  .catch(() => undefined)

// Otherwise tfjs computes small tensors on the CPU and the GPU is never asked.
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)

// The driver's exp, and probabilities from the logarithm of their sum, whose rounding is 1e-6 of them where scores are a few
// units. The golden fixtures ask for 2e-5 and 1e-4.
const tolerance = { forward: 5e-6, gradient: 2e-5 }

// Scores of a few units make the softmax matter.
const floats = (shape: readonly number[], seed: number, scale = 2): HostArray => ({
  data: sample(
    shape.reduce((a, b) => a * b, 1),
    seed,
  ).map(value => scale * value),
  shape,
})

/** y, the attention of token 0 and SATT in double precision. */
function attendPlainly(qkv: ArrayLike<number>, [B, T, features]: readonly number[], heads: number) {
  const C = features / 3
  const e = C / heads
  const y = new Array<number>(B * T * C)
  const fromCls: number[] = []
  const satt = new Array<number>(B * (T - 1)).fill(0)
  const at = (b: number, t: number, part: number, head: number, c: number) =>
    qkv[((b * T + t) * 3 + part) * C + head * e + c]
  const each = (count: number) => Array.from({ length: count }, (_, i) => i)
  for (let b = 0; b < B; b++)
    for (let head = 0; head < heads; head++)
      for (let t = 0; t < T; t++) {
        const scores = each(T).map(
          key =>
            each(e).reduce((sum, c) => sum + at(b, t, 0, head, c) * at(b, key, 1, head, c), 0) / Math.sqrt(e),
        )
        const most = Math.max(...scores)
        const weights = scores.map(score => Math.exp(score - most))
        const total = weights.reduce((sum, weight) => sum + weight)
        for (const c of each(e))
          y[(b * T + t) * C + head * e + c] =
            weights.reduce((sum, weight, key) => sum + weight * at(b, key, 2, head, c), 0) / total
        if (t > 0) continue
        fromCls.push(...weights.map(weight => weight / total))
        weights.slice(1).forEach((weight, n) => (satt[b * (T - 1) + n] += weight / total / heads))
      }
  return { y, fromCls, satt }
}

const cases: readonly (readonly [string, readonly number[], number])[] = [
  ['three heads of four, a batch of two', [2, 9, 36], 3],
  ['heads of 6, more tokens than a workgroup has threads', [2, 70, 36], 2],
  ['heads of 3, a number of tokens that four does not divide', [1, 131, 9], 1],
  ['heads of 24', [1, 65, 144], 2],
  ['[CLS] and one token', [3, 2, 24], 2],
]

describe.skipIf(!gpu).each(['registers', 'shared'] as const)(
  'attention over all tokens, tiles in %s',
  tiles => {
    it.each(cases)('follows the specification with %s', async (_, shape, heads) => {
      const qkv = floats(shape, 1)
      const want = attendPlainly(qkv.data, shape, heads)
      const attributes = { heads, cls: true }
      const [y, , fromCls, satt] = await runPlainly(gpu!.device, denseAttentionKernel, [qkv], attributes, {
        tiles,
      })
      expectClose(y, want.y, tolerance.forward)
      expectClose(fromCls, want.fromCls, tolerance.forward)
      expectClose(satt, want.satt, tolerance.forward)
      const [alone] = await runPlainly(
        gpu!.device,
        denseAttentionKernel,
        [qkv],
        { heads, cls: false },
        { tiles },
      )
      expect(alone).toEqual(y)
    })

    it('stays finite where scores are hundreds', async () => {
      const [shape, heads] = [[1, 9, 36], 3] as const
      const qkv = floats(shape, 1, 30)
      const want = attendPlainly(qkv.data, shape, heads)
      const [y] = await runPlainly(gpu!.device, denseAttentionKernel, [qkv], { heads, cls: false }, { tiles })
      // A score of 1000 is known to 6e-5, and so is the probability.
      expectClose(y, want.y, 2e-4)
    })

    it.each(cases)('has its reference’s gradient with %s', async (_, shape, heads) => {
      chooseTiles(tiles)
      const [B, T, features] = shape
      const weights = [floats([B, T, features / 3], 2), floats([B, heads, T], 3), floats([B, T - 1], 4)]
      for (const cls of [false, true]) {
        const gradientOf =
          (f: typeof denseAttention) =>
          ([qkv, ...by]: tf.Tensor[]) => [
            tf.grad((x: tf.Tensor) => {
              const { mixed, fromCls, satt } = f(x, { heads, cls })
              const outputs = cls ? [mixed, fromCls!, satt!] : [mixed]
              return tf.addN(outputs.map((output, i) => tf.sum(tf.mul(output, by[i]))))
            })(qkv),
          ]
        const inputs = [floats(shape, 1), ...weights]
        const [got] = await evaluateOn('webgpu', (...all) => gradientOf(denseAttention)(all), inputs)
        const [want] = await evaluateOn('cpu', (...all) => gradientOf(denseAttentionReference)(all), inputs)
        expectClose(got, want, tolerance.gradient)
      }
    })

    it('has the gradient that differences of double precision have', async () => {
      const [shape, heads] = [[1, 7, 18], 2] as const
      const qkv = floats(shape, 1)
      const [dy, dFromCls, dSatt] = [floats([1, 7, 6], 2), floats([1, 2, 7], 3), floats([1, 6], 4)]
      const attributes = { heads, cls: true }
      const [, logSums] = await runPlainly(gpu!.device, denseAttentionKernel, [qkv], attributes, { tiles })
      const sums = { data: logSums as Float32Array<ArrayBuffer>, shape: [1, 2, 7] }
      const inputs = [qkv, sums, dy, dFromCls, dSatt]
      const [got] = await runPlainly(gpu!.device, denseAttentionGradientKernel, inputs, attributes, { tiles })
      const lossAt = (place: number, by: number) => {
        const moved = Array.from(qkv.data)
        moved[place] += by
        const { y, fromCls, satt } = attendPlainly(moved, shape, heads)
        const dot = (a: number[], b: HostArray) => a.reduce((sum, value, i) => sum + value * b.data[i], 0)
        return dot(y, dy) + dot(fromCls, dFromCls) + dot(satt, dSatt)
      }
      const step = 1e-4
      const want = Array.from(
        qkv.data,
        (_, place) => (lossAt(place, step) - lossAt(place, -step)) / (2 * step),
      )
      expectClose(got, want, tolerance.gradient)
    })

    it('gives the same bit by bit in parts of the batch, and when computed again', async () => {
      const [shape, heads] = [[5, 16, 36], 3] as const
      const inputs = [floats(shape, 1), floats([5, 3, 16], 2, 1), floats([5, 16, 12], 3)]
      const attributes = { heads, cls: false }
      // qkv takes 2304 bytes a sample, y 768: two samples at once.
      for (const [kernel, given] of [
        [denseAttentionKernel, inputs.slice(0, 1)],
        [denseAttentionGradientKernel, inputs],
      ] as const) {
        const run = (mostBindingBytes?: number) =>
          runPlainly(gpu!.device, kernel, given, attributes, { tiles, mostBindingBytes })
        const whole = await run()
        expect(await run()).toEqual(whole)
        expect(await run(5000)).toEqual(whole)
        await expect(run(2000)).rejects.toThrow(/cannot be bound/)
      }
    })
  },
)

describe('attention over all tokens', () => {
  it('refuses heads that do not divide the width, in a sentence', () => {
    expect(() => denseAttentionKernel.shapes([[1, 5, 36]], { heads: 5, cls: false })).toThrow(
      /expected qkv of shape \[B, T, 3·5·e\], got \[1, 5, 36\]/,
    )
  })
})
