import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { createSession } from './session.ts'
import { testRuntime } from './testSupport.ts'
import { traceGraph } from './trace.ts'

const runtime = await testRuntime()
const graph = traceGraph(({ x, index }) => ({ y: tf.gather(x, index), next: tf.neg(index) }), {
  x: { shape: [3, 2], dtype: 'float32' },
  index: { shape: [4], dtype: 'int32' },
})

describe.skipIf(!runtime)('a session', () => {
  it('takes and gives float32 and int32 arrays with their shapes', async () => {
    const session = await createSession(graph, runtime!)
    const { y, next } = await session.run({
      x: Float32Array.of(1, 2, 3, 4, 5, 6),
      index: Int32Array.of(2, 0, 1, 2),
    })
    expect(y).toEqual({ data: Float32Array.of(5, 6, 1, 2, 3, 4, 5, 6), shape: [4, 2] })
    expect(next).toEqual({ data: Int32Array.of(-2, 0, -1, -2), shape: [4] })
    expect(session.inputs.index).toEqual({ shape: [4], dtype: 'int32' })
    await session.release()
  })

  it('says which input is missing, of the wrong size or of the wrong type', async () => {
    const session = await createSession(graph, runtime!)
    const x = new Float32Array(6)
    await expect(session.run({ x })).rejects.toThrow("the input 'index' is missing")
    await expect(session.run({ x: x.subarray(1), index: new Int32Array(4) })).rejects.toThrow(
      "the input 'x' needs 6 values of type float32, but 5 came in a Float32Array",
    )
    await expect(session.run({ x, index: new Float32Array(4) })).rejects.toThrow(
      "the input 'index' needs 4 values of type int32, but 4 came in a Float32Array",
    )
    await session.release()
  })
})
