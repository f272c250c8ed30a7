import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import type { Graph } from './graph.ts'
import { prepare } from './onnx.ts'
import { bindInputs, simplify } from './simplify.ts'
import { expectClose, runEagerly, runGraph, sample, testRuntime } from './testSupport.ts'
import type { TestFunction } from './testSupport.ts'
import { traceGraph } from './trace.ts'
import type { InputSpec } from './trace.ts'

const runtime = await testRuntime()
const float = (...shape: number[]): InputSpec => ({ shape, dtype: 'float32' })
const count = (graph: Graph, op: string) => graph.nodes.filter(node => node.op === op).length
const ops = (graph: Graph) => graph.nodes.map(node => node.op)

function simplified(fn: TestFunction, specs: Record<string, InputSpec>): Graph {
  return simplify(traceGraph(fn, specs))
}

describe('simplify', () => {
  const x = float(2, 3)
  it.each<[string, TestFunction, string[]]>([
    ['drops identities, casts and neutral operands', ({ x }) => ({ y: tf.div(tf.mul(tf.add(tf.cast(x, 'float32'), 0), 1), 1) }), []],
    ['joins reshapes and drops those that change nothing', ({ x }) => ({ y: tf.reshape(tf.reshape(x, [6]), [2, 3]) }), []],
    ['cancels transposes', ({ x }) => ({ y: tf.transpose(tf.transpose(x, [1, 0]), [1, 0]) }), []],
    ['computes what depends on constants alone', () => ({ y: tf.transpose(tf.exp(tf.reshape(tf.range(0, 6), [2, 3])), [1, 0]) }), []],
    ['leaves nothing dead behind', ({ x }) => ({ y: tf.split(tf.concat([tf.neg(x), tf.exp(tf.sin(x))], 0), 2)[0].mul(tf.zerosLike(tf.cos(x))).add(tf.neg(x)) }), ['Neg']],
    ['computes an expression once', ({ x }) => ({ y: tf.mul(tf.exp(x), tf.exp(x)) }), ['Exp', 'Multiply']],
    ['scales once where numbers follow each other', ({ x }) => ({ y: tf.mul(tf.div(tf.mul(x, 2), 4), 3) }), ['Multiply']],
    ['repeats last: the gradient of a mean is a small tensor', ({ x }) => ({ y: tf.mul(tf.broadcastTo(tf.mean(x, 1, true), [2, 3]), x) }), ['Mean', 'Multiply']],
    ['writes a transpose that moves only axes of size 1 as a reshape', ({ x }) => ({ y: tf.transpose(tf.reshape(x, [1, 2, 3]), [1, 2, 0]) }), ['Reshape']],
  ])('%s', (_, fn, expected) => {
    expect(ops(simplified(fn, { x }))).toEqual(expected)
  }) // prettier-ignore

  it('keeps unused inputs and the names of all inputs and outputs', () => {
    const graph = simplified(({ a }) => ({ same: a, twice: tf.add(a, a) }), { a: x, unused: x })
    expect(Object.keys(graph.inputs)).toEqual(['a', 'unused'])
    expect(Object.keys(graph.outputs)).toEqual(['same', 'twice'])
  })
})

describe.skipIf(!runtime)('a simplified graph', () => {
  it('gives the same numbers as the traced one, outputs that are inputs or constants included', async () => {
    const specs = { a: float(2, 3), b: float(3) }
    const fn: TestFunction = ({ a, b }) => {
      const y = tf.mul(tf.broadcastTo(tf.sum(a, 0), [2, 3]), tf.add(b, tf.mul(b, 0.5)))
      return { y, same: a, again: a, constant: tf.range(0, 4), isLarge: tf.greater(y, 0.1) }
    }
    const values = { a: sample([2, 3], 1), b: sample([3], 2) }
    const traced = traceGraph(fn, specs)
    const wanted = await runEagerly(fn, specs, values)
    expectClose(await runGraph(traced, runtime!, values), wanted)
    expectClose(await runGraph(simplify(traced), runtime!, values), wanted)
  })

  it('keeps NaN, infinities and negative zeros of constants', async () => {
    const odd = [NaN, Infinity, -Infinity, -0]
    const graph = simplified(() => ({ y: tf.reshape(tf.tensor1d(odd), [2, 2]), zeros: tf.fill([2], -0) }), {})
    const { y, zeros } = await runGraph(graph, runtime!, {})
    expect(Array.from(y.data)).toEqual(odd)
    expect(Object.is(zeros.data[0], -0)).toBe(true)
  })
})

describe('bindInputs', () => {
  it('turns weights into constants and computes what depends on them alone', () => {
    const specs = { x: float(2, 3), weight: float(4, 3) }
    const fn: TestFunction = ({ x, weight }) => ({
      y: tf.matMul(x as tf.Tensor2D, tf.transpose(tf.mul(weight, 2), [1, 0]) as tf.Tensor2D),
    })
    const graph = bindInputs(traceGraph(fn, specs), { weight: sample([4, 3]) })
    expect(Object.keys(graph.inputs)).toEqual(['x'])
    expect(ops(graph)).toEqual(['BatchMatMul'])
  })

  it('names an input that is unknown or of the wrong size', () => {
    const graph = traceGraph(({ x }) => ({ y: x }), { x: float(2) })
    expect(() => bindInputs(graph, { z: [1] })).toThrow("no input 'z'")
    expect(() => bindInputs(graph, { x: [1] })).toThrow("'x' has shape [2] but 1 values came")
  })
})

describe('layout assignment', () => {
  const norm = (x: tf.Tensor) => {
    const centred = tf.sub(x, tf.mean(x, [1, 2, 3], true))
    return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), [1, 2, 3], true), 1e-5)))
  }
  const block = (x: tf.Tensor, w: tf.Tensor) =>
    tf.leakyRelu(norm(tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, 'same')), 0.01)
  const fn: TestFunction = ({ x, w, w2, bias }) => {
    const first = block(x, w)
    const joined = tf.concat([tf.add(first, bias), x], 4)
    return { y: tf.pad(tf.slice(block(joined, w2), [0, 1, 0, 0, 0], [-1, 4, -1, -1, -1]), [[0, 0], [1, 0], [0, 0], [0, 2], [0, 0]]), sum: tf.sum(first, [0, 1, 2, 3]) }
  } // prettier-ignore
  const specs = { x: float(2, 6, 5, 7, 4), w: float(3, 3, 3, 4, 4), w2: float(3, 3, 3, 8, 3), bias: float(4) }

  it('transposes a chain of convolutions only where it begins and ends', () => {
    const graph = prepare(traceGraph(fn, specs), false)
    const large = graph.nodes.filter(
      node => node.op === 'Transpose' && graph.values[node.inputs[0]].shape[0] === 2,
    )
    expect(large).toHaveLength(2)
    expect(count(graph, 'Conv')).toBe(2)
  })

  it.skipIf(!runtime)('keeps the numbers of a chain of convolutions', async () => {
    const values = Object.fromEntries(
      Object.entries(specs).map(([name, { shape }]) => [name, sample(shape, name.length)]),
    )
    expectClose(
      await runGraph(traceGraph(fn, specs), runtime!, values),
      await runEagerly(fn, specs, values),
      5e-6,
    )
  })
})

describe('tuning', () => {
  it('recognises GELU in either spelling, but not where its parts are needed', () => {
    const erf = (x: tf.Tensor) => tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1)
    const spellings: TestFunction[] = [
      ({ x }) => ({ y: tf.mul(tf.mul(x, 0.5), erf(x)) }),
      ({ x }) => ({ y: tf.mul(tf.mul(x, erf(x)), 0.5) }),
    ]
    for (const fn of spellings) expect(ops(prepare(traceGraph(fn, { x: float(4) }), true))).toEqual(['Gelu'])
    const shared: TestFunction = ({ x }) => ({ y: tf.mul(tf.mul(x, 0.5), erf(x)), erf: erf(x) })
    expect(ops(prepare(traceGraph(shared, { x: float(4) }), true))).not.toContain('Gelu')
  })

  it.skipIf(!runtime)('finds the slope of leakyRelu at zeros, tiny and huge values', async () => {
    const fn: TestFunction = ({ x, dy }) => ({ dx: tf.grad((v: tf.Tensor) => tf.leakyRelu(v, 0.01))(x, dy) })
    const graph = simplify(traceGraph(fn, { x: float(7), dy: float(7) }))
    expect(ops(prepare(graph, true))).toContain('ClipByValue')
    const values = {
      x: Float32Array.of(0, 1.2e-38, -1.2e-38, 3e38, -3e38, 0.5, -0),
      dy: new Float32Array(7).fill(1),
    }
    const { dx } = await runGraph(graph, runtime!, values)
    const slope = Math.fround(0.01)
    expect(Array.from(dx.data)).toEqual([slope, 1, slope, 1, slope, 1, slope])
  })

  it.skipIf(!runtime)(
    'keeps the slope of leakyRelu a number where an exact zero was scaled before',
    async () => {
      const specs = { x: float(2, 3), scale: float(2, 1), dy: float(2, 3) }
      const fn: TestFunction = ({ x, scale, dy }) => ({
        dx: tf.grad((v: tf.Tensor) => tf.leakyRelu(tf.mul(v, scale), 0.01))(x, dy),
      })
      const values = { x: new Float32Array(6), scale: Float32Array.of(300, 0.01), dy: sample([2, 3]) }
      expectClose(
        await runGraph(traceGraph(fn, specs), runtime!, values),
        await runEagerly(fn, specs, values),
      )
    },
  )
})
