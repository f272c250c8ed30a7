import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { adamWUpdate } from '../../training/optimiser.ts'
import { simplify } from '../simplify.ts'
import { traceGraph } from '../trace.ts'
import type { InputSpec } from '../trace.ts'
import { lowerGraph } from './lower.ts'

const float = (...shape: number[]): InputSpec => ({ shape, dtype: 'float32' })

describe('lowering', () => {
  it('makes one task of an AdamW update, which writes parameter and moments in their own places', () => {
    const specs = {
      p: float(6, 4),
      m: float(6, 4),
      v: float(6, 4),
      g: float(6, 4),
      rate: float(),
      c1: float(),
      c2: float(),
    }
    const graph = traceGraph(({ p, m, v, g, rate, c1, c2 }) => {
      const next = adamWUpdate({ parameter: p, m, v }, g, rate as tf.Scalar, [
        c1 as tf.Scalar,
        c2 as tf.Scalar,
      ])
      return { p: next.parameter, m: next.m, v: next.v }
    }, specs)
    const { tasks } = lowerGraph(simplify(graph), { p: 'p', m: 'm', v: 'v' })
    expect(tasks).toHaveLength(1)
    expect(tasks[0].replaces.size).toBe(3)
  })

  it('does not overwrite a state that a later task still reads', () => {
    const graph = traceGraph(
      ({ s }) => {
        const next = tf.mul(s, 2)
        return { s: next, both: tf.cumsum(tf.add(tf.cumsum(s), tf.cumsum(next))) }
      },
      { s: float(3) },
    )
    const { tasks, facts } = lowerGraph(simplify(graph), { s: 's' })
    const writing = tasks.findIndex(task => task.replaces.size > 0)
    const readers = tasks.flatMap((task, at) => (task.inputs.includes(facts.graph.inputs.s) ? [at] : []))
    expect(writing < 0 || Math.max(...readers) === writing).toBe(true)
  })

  it('names an operation that it has no program for', () => {
    const graph = traceGraph(({ x }) => ({ y: tf.relu(x) }), { x: float(3) })
    const nodes = [{ ...graph.nodes[0], op: 'Unheard' }]
    expect(() => lowerGraph({ ...graph, nodes }, {})).toThrow(/Unheard has no WebGPU program/)
  })
})
