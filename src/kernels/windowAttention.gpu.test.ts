import { beforeAll, describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs'
import { chooseAttentionStorage } from './register.ts'
import { maskTokens, maskTokensReference } from './maskTokens.ts'
import { windowAttention, windowAttentionReference } from './windowAttention.ts'
import type { WindowAttributes } from './windowLayout.ts'

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu())
  .catch(() => undefined)

/** Random numbers that are the same on each run; scores of a few units make the softmax matter. */
function sample(shape: number[], seed: number): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, 'float32', seed)
}

/** Largest error against `share` of the largest wanted value. */
function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, share: number): void {
  let largest = 0
  let error = 0
  for (let i = 0; i < want.length; i++) {
    largest = Math.max(largest, Math.abs(want[i]))
    error = Math.max(error, Math.abs(want[i] - got[i]))
  }
  expect(error).toBeLessThanOrEqual(share * largest)
}

const cases: [string, number[], number, WindowAttributes][] = [
  ['whole windows', [1, 8, 4, 8], 12, { heads: 2, window: 4, shift: 0, mode: 'fixed', reverse: 'exact' }],
  [
    'padding and shift on an odd grid',
    [1, 5, 6, 7],
    12,
    { heads: 2, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' },
  ],
  [
    'a batch of two, smaller than the window',
    [2, 2, 3, 2],
    24,
    { heads: 3, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' },
  ],
  [
    'MONAI’s shrunk window of 7',
    [1, 4, 9, 7],
    12,
    { heads: 3, window: 7, shift: 3, mode: 'shrink', reverse: 'exact' },
  ],
  ['SMIT’s window order', [1, 8, 8, 8], 8, { heads: 1, window: 4, shift: 2, mode: 'fixed', reverse: 'smit' }],
]

describe.skipIf(!gpu)('window attention on WebGPU', () => {
  beforeAll(async () => {
    await tf.setBackend('webgpu')
  })

  describe.each(['registers', 'shared'] as const)('variant %s', variant => {
    it.each(cases)('equals its reference with %s', async (_, grid, C, attributes) => {
      const [B, d, h, w] = grid
      const values = [
        sample([B, d, h, w, 3 * C], 1),
        sample([3 * C], 2),
        sample([(2 * attributes.window - 1) ** 3, attributes.heads], 3),
      ]
      const data = await Promise.all(values.map(tensor => tensor.data()))
      chooseAttentionStorage(variant)
      const got = await windowAttention(
        values[0] as tf.Tensor5D,
        values[1] as tf.Tensor1D,
        values[2] as tf.Tensor2D,
        attributes,
      ).data()
      await tf.setBackend('cpu')
      const onCpu = values.map((tensor, i) => tf.tensor(data[i], tensor.shape))
      const want = await windowAttentionReference(
        onCpu[0] as tf.Tensor5D,
        onCpu[1] as tf.Tensor1D,
        onCpu[2] as tf.Tensor2D,
        attributes,
      ).data()
      await tf.setBackend('webgpu')
      expect(got.length).toBe(want.length)
      // 2e-5 of the largest value: sums of at most 343 products in another order, and exp of the driver.
      expectClose(got, want, 2e-5)
    })
  })

  it('gives the gradients of its reference', async () => {
    const attributes = cases[1][3]
    const inputs = [sample([1, 2, 3, 5, 12], 1), sample([12], 2), sample([343, 2], 3)]
    const dy = sample([1, 2, 3, 5, 4], 4)
    const data = await Promise.all([...inputs, dy].map(tensor => tensor.data()))
    const apply = (op: typeof windowAttention) => (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
      op(a as tf.Tensor5D, b as tf.Tensor1D, c as tf.Tensor2D, attributes)
    const got = await Promise.all(
      tf
        .grads(apply(windowAttention))(inputs, dy)
        .map(gradient => gradient.data()),
    )
    await tf.setBackend('cpu')
    const onCpu = [...inputs, dy].map((tensor, i) => tf.tensor(data[i], tensor.shape))
    const want = await Promise.all(
      tf
        .grads(apply(windowAttentionReference))(onCpu.slice(0, 3), onCpu[3])
        .map(gradient => gradient.data()),
    )
    await tf.setBackend('webgpu')
    want.forEach((values, i) => expectClose(got[i], values, 1e-4))
  })
})

describe.skipIf(!gpu)('token masking on WebGPU', () => {
  it('replaces masked tokens and leaves the others, over more than one workgroup', async () => {
    await tf.setBackend('webgpu')
    const x = sample([2, 3, 5, 4, 7], 1)
    const token = sample([7], 2)
    const mask = tf.tensor(
      Float32Array.from({ length: 120 }, (_, i) => (i % 3 === 0 ? 1 : 0)),
      [2, 3, 5, 4],
    )
    const [got, want] = await Promise.all([
      maskTokens(x, token, mask).data(),
      maskTokensReference(x, token, mask).data(),
    ])
    expect(Array.from(got)).toEqual(Array.from(want))
  })
})
