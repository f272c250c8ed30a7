// A small network with its gradients and optimiser, traced and run on ONNX Runtime, against tfjs on the CPU.
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { traceGraph } from './trace.ts'
import { expectSameAsTfjs, sample, testRuntime } from './testSupport.ts'
import type { TestFunction } from './testSupport.ts'

const runtime = await testRuntime()

const shapes = {
  x: [2, 4, 5, 6, 3],
  filter: [3, 3, 3, 3, 4],
  weight: [4, 2],
}
const specs = Object.fromEntries(
  Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: 'float32' as const }]),
)

function lossOf(x: tf.Tensor, filter: tf.Tensor, weight: tf.Tensor): tf.Scalar {
  const y = tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, 1, 'same')
  const centred = tf.sub(y, tf.mean(y, [1, 2, 3], true))
  const variance = tf.mean(tf.square(centred), [1, 2, 3], true)
  const normed = tf.leakyRelu(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), 0.01)
  const logits = tf.matMul(tf.mean(normed.mul(normed), [1, 2, 3]) as tf.Tensor2D, weight as tf.Tensor2D)
  return tf.neg(tf.mean(tf.logSoftmax(logits))) as tf.Scalar
}

const step: TestFunction = ({ x, filter, weight }) => {
  const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) => lossOf(a, b, c))([
    x,
    filter,
    weight,
  ])
  return { loss: value, dx: grads[0], dFilter: grads[1], dWeight: grads[2] }
}

describe.skipIf(!runtime)('tracing', () => {
  it('gives the loss and gradients of a small network as tfjs computes them', async () => {
    const values = Object.fromEntries(
      Object.entries(shapes).map(([name, shape], seed) => [name, sample(shape, seed + 1)]),
    )
    const graph = await expectSameAsTfjs(runtime!, step, specs, values, 5e-6)
    expect(graph.nodes.length).toBeLessThan(90)
  })
})

describe('a traced function', () => {
  it('leaves the backend as it was', async () => {
    await tf.setBackend('cpu')
    traceGraph(({ x }) => ({ y: tf.relu(x) }), { x: { shape: [2], dtype: 'float32' } })
    expect(tf.getBackend()).toBe('cpu')
    expect(Array.from(tf.add(1, 2).dataSync())).toEqual([3])
  })
})
