// A small network with its gradients and optimiser, traced and run on ONNX Runtime, against tfjs on the CPU.
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { traceGraph } from './trace.ts'
import type { InputSpec } from './trace.ts'
import { createSession } from './session.ts'
import { expectClose, expectSameAsTfjs, runEagerly, sample, testRuntime } from './testSupport.ts'
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

/** Adam with decoupled weight decay; learning rate and bias corrections are inputs. */
function adamW(
  p: tf.Tensor,
  m: tf.Tensor,
  v: tf.Tensor,
  g: tf.Tensor,
  rate: tf.Tensor,
  corrections: tf.Tensor[],
) {
  const nextM = tf.add(tf.mul(m, 0.9), tf.mul(g, 0.1))
  const nextV = tf.add(tf.mul(v, 0.999), tf.mul(tf.square(g), 0.001))
  const denominator = tf.add(tf.sqrt(tf.div(nextV, corrections[1])), 1e-8)
  const step = tf.mul(rate, tf.div(tf.div(nextM, corrections[0]), denominator))
  return [tf.sub(tf.mul(p, tf.sub(1, tf.mul(rate, 0.01))), step), nextM, nextV]
}

const trained = ['filter', 'weight'] as const

const trainingStep: TestFunction = inputs => {
  const loss = (...parameters: tf.Tensor[]) => lossOf(inputs.x, parameters[0], parameters[1])
  const { value, grads } = tf.valueAndGrads(loss)(trained.map(name => inputs[name]))
  const outputs: Record<string, tf.Tensor> = { loss: value }
  trained.forEach((name, index) => {
    const corrections = [inputs.correction1, inputs.correction2]
    const state = [inputs[name], inputs[`m.${name}`], inputs[`v.${name}`]] as const
    const [p, m, v] = adamW(...state, grads[index], inputs.rate, corrections)
    Object.assign(outputs, { [name]: p, [`m.${name}`]: m, [`v.${name}`]: v })
  })
  return outputs
}

describe.skipIf(!runtime)('a whole training step as one graph', () => {
  it('moves parameters and moments over five steps as tfjs does', async () => {
    const number = { shape: [], dtype: 'float32' as const }
    const stepSpecs: Record<string, InputSpec> = {
      ...specs,
      rate: number,
      correction1: number,
      correction2: number,
    }
    const state: Record<string, Float32Array> = { x: sample(shapes.x, 1) }
    trained.forEach((name, index) => {
      stepSpecs[`m.${name}`] = stepSpecs[`v.${name}`] = specs[name]
      state[name] = sample(shapes[name], index + 2)
      state[`m.${name}`] = new Float32Array(state[name].length)
      state[`v.${name}`] = new Float32Array(state[name].length)
    })
    const session = await createSession(traceGraph(trainingStep, stepSpecs), runtime!)
    let traced = state
    let eager = state
    for (let step = 1; step <= 5; step++) {
      const rates = { rate: [0.01 / step], correction1: [1 - 0.9 ** step], correction2: [1 - 0.999 ** step] }
      const feeds = Object.fromEntries(
        Object.entries(rates).map(([name, list]) => [name, Float32Array.from(list)]),
      )
      const got = await session.run({ ...traced, ...feeds })
      const wanted = await runEagerly(trainingStep, stepSpecs, { ...eager, ...feeds })
      // Adam's first steps divide rounding errors of small gradients by themselves.
      expectClose(got, wanted, 1e-4)
      traced = { x: state.x, ...nextState(got) }
      eager = { x: state.x, ...nextState(wanted) }
    }
    await session.release()
  })
})

function nextState(results: Record<string, { data: ArrayLike<number> }>): Record<string, Float32Array> {
  const kept = Object.entries(results).filter(([name]) => name !== 'loss')
  return Object.fromEntries(kept.map(([name, { data }]) => [name, Float32Array.from(data)]))
}

describe('a traced function', () => {
  it('leaves the backend as it was', async () => {
    await tf.setBackend('cpu')
    traceGraph(({ x }) => ({ y: tf.relu(x) }), { x: { shape: [2], dtype: 'float32' } })
    expect(tf.getBackend()).toBe('cpu')
    expect(Array.from(tf.add(1, 2).dataSync())).toEqual([3])
  })

  it('leaves the backend as it was when it throws', async () => {
    await tf.setBackend('cpu')
    const fails = () => {
      throw new Error('no')
    }
    expect(() => traceGraph(fails, {})).toThrow('no')
    expect(tf.getBackend()).toBe('cpu')
  })

  it('names the kernel that cannot be traced', () => {
    const x = { shape: [1, 4, 4, 1], dtype: 'float32' as const }
    expect(() => traceGraph(({ x }) => ({ y: tf.avgPool(x as tf.Tensor4D, 2, 1, 'same') }), { x })).toThrow(
      /AvgPool/,
    )
  })

  it('reads constants, and refuses to read what is computed later', () => {
    const x = { shape: [2], dtype: 'float32' as const }
    const graph = traceGraph(({ x }) => ({ y: tf.mul(x, tf.tensor1d([3, 4]).dataSync()[1]) }), { x })
    expect(graph.nodes).toHaveLength(1)
    expect(() => traceGraph(({ x }) => ({ y: tf.mul(x, x.dataSync()[0]) }), { x })).toThrow('tf.where')
  })

  it('takes tensors of another backend as constants and leaves them there', async () => {
    await tf.setBackend('cpu')
    const outside = tf.tensor1d([5, 6])
    const graph = traceGraph(({ x }) => ({ y: tf.add(x, outside) }), { x: { shape: [2], dtype: 'float32' } })
    expect([...graph.constants.values()]).toContainEqual({ data: Float32Array.of(5, 6) })
    expect(Array.from(outside.dataSync())).toEqual([5, 6])
  })
})
