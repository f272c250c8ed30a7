// For tests: runs one tfjs function traced, on ONNX Runtime, and eagerly, on tfjs's CPU backend, and compares.
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs'
import { expect } from 'vitest'
import type { Graph } from './graph.ts'
import { createSession } from './session.ts'
import type { FeedData, OrtModule, Runtime } from './session.ts'
import { simplify } from './simplify.ts'
import { traceGraph } from './trace.ts'
import type { InputSpec } from './trace.ts'

type Values = Record<string, FeedData>
export type TestFunction = (inputs: Record<string, tf.Tensor>) => Record<string, tf.Tensor>

async function importRuntime(): Promise<{ ort: OrtModule; label: string } | undefined> {
  try {
    return { ort: (await import('onnxruntime-node')) as unknown as OrtModule, label: 'onnxruntime-node' }
  } catch {
    try {
      return { ort: (await import('onnxruntime-web')) as unknown as OrtModule, label: 'onnxruntime-web' }
    } catch {
      return undefined
    }
  }
}

/** onnxruntime-node, else onnxruntime-web in Node; undefined where neither is installed. */
export async function testRuntime(): Promise<Runtime | undefined> {
  const found = await importRuntime()
  return found && { kind: 'onnx', threads: 1, ...found }
}

/** Reproducible numbers in (-1, 1), none of them near 0. */
export function sample(shape: readonly number[], seed = 1): Float32Array {
  let state = seed * 2654435761
  return Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const value = (state / 2 ** 32) * 2 - 1
    return value + Math.sign(value) * 0.05
  })
}

/** What tfjs's CPU backend computes. */
export async function runEagerly(fn: TestFunction, specs: Record<string, InputSpec>, values: Values) {
  await tf.setBackend('cpu')
  return tf.tidy(() => {
    const inputs = Object.entries(specs).map(([name, { shape, dtype }]) => [
      name,
      tf.tensor(values[name], [...shape], dtype),
    ])
    const outputs = fn(Object.fromEntries(inputs))
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [
        name,
        { data: tensor.dataSync(), shape: tensor.shape },
      ]),
    )
  })
}

export async function runGraph(graph: Graph, runtime: Runtime, values: Values) {
  const session = await createSession(graph, runtime)
  try {
    return await session.run(values)
  } finally {
    await session.release()
  }
}

/** Every element within `tolerance`, relative to the largest value of its tensor or to 1. */
export function expectClose(
  got: Record<string, { data: ArrayLike<number>; shape: readonly number[] }>,
  wanted: Record<string, { data: ArrayLike<number>; shape: readonly number[] }>,
  tolerance = 2e-6,
): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort())
  for (const [name, { data, shape }] of Object.entries(wanted)) {
    expect([name, ...got[name].shape]).toEqual([name, ...shape])
    const numbers = Array.from(data, Number)
    const scale = numbers.reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
      1,
    )
    const worst = numbers.reduce((most, value, at) => {
      const other = Number(got[name].data[at])
      return Object.is(value, other) || value === other
        ? most
        : Math.max(most, Math.abs(other - value) || (value === other ? 0 : NaN))
    }, 0)
    expect(worst / scale, `largest error of ${name}`).toBeLessThan(tolerance)
  }
}

/** Asserts that the traced graph, as it is and simplified, gives tfjs's values. */
export async function expectSameAsTfjs(
  runtime: Runtime,
  fn: TestFunction,
  specs: Record<string, InputSpec>,
  values: Values,
  tolerance?: number,
): Promise<Graph> {
  const wanted = await runEagerly(fn, specs, values)
  const graph = simplify(traceGraph(fn, specs))
  expectClose(await runGraph(graph, runtime, values), wanted, tolerance)
  return graph
}
