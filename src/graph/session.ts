// Runs a graph on a runtime. The runtime's module is handed in by the composition point (a worker, a command), so that
// this folder imports none and works in Node and in the page alike.
import type * as Ort from 'onnxruntime-web'
import { describe, sizeOf } from './graph.ts'
import type { Graph, ValueInfo } from './graph.ts'
import { portName } from './lower/names.ts'
import { toOnnx } from './onnx.ts'

/** The part of onnxruntime-node and onnxruntime-web that is used. */
export type OrtModule = Pick<typeof Ort, 'InferenceSession' | 'Tensor' | 'env'>

/** ONNX Runtime on this machine's CPU. `label` says which, for people. */
export interface Runtime {
  readonly kind: 'onnx'
  readonly ort: OrtModule
  readonly threads: number
  readonly label: string
}

export type FeedData = Float32Array | Int32Array

export interface RunResult {
  readonly data: FeedData
  readonly shape: readonly number[]
}

/** A graph ready to run. */
export interface Session {
  readonly inputs: Readonly<Record<string, ValueInfo>>
  readonly outputs: Readonly<Record<string, ValueInfo>>
  /** Computes all outputs. @throws Error when an input is missing or has the wrong number of values. */
  run(feeds: Readonly<Record<string, FeedData>>): Promise<Record<string, RunResult>>
  release(): Promise<void>
}

function toTensor(
  ort: OrtModule,
  name: string,
  { shape, dtype }: ValueInfo,
  data: FeedData | undefined,
): Ort.Tensor {
  if (!data) throw new Error(`Session.run: the input '${name}' is missing.`)
  const wanted = dtype === 'int32' ? Int32Array : Float32Array
  if (!(data instanceof wanted) || data.length !== sizeOf(shape))
    throw new Error(
      `Session.run: the input '${name}' needs ${sizeOf(shape)} values of type ${dtype}, but ${data.length} came in a ${data.constructor.name}.`,
    )
  return new ort.Tensor(dtype === 'int32' ? 'int32' : 'float32', data, shape)
}

/** Compiles a graph for a runtime; costs some tenths of a second, so sessions are kept. */
export async function createSession(graph: Graph, runtime: Runtime): Promise<Session> {
  const { ort } = runtime
  const session = await ort.InferenceSession.create(toOnnx(graph, { name: 'graph', isTuned: true }), {
    executionProviders: [isNode(ort) ? 'cpu' : 'wasm'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: runtime.threads,
    logSeverityLevel: 3,
  })
  const inputs = describe(graph, graph.inputs)
  const outputs = describe(graph, graph.outputs)
  return {
    inputs,
    outputs,
    async run(feeds) {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([name, info]) => [
          portName('in', name),
          toTensor(ort, name, info, feeds[name]),
        ]),
      )
      const results = await session.run(tensors)
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { shape }]) => [
          name,
          { data: results[portName('out', name)].data as FeedData, shape },
        ]),
      )
    },
    release: () => session.release(),
  }
}

/** onnxruntime-node names its own version; its provider is called 'cpu', onnxruntime-web's 'wasm'. */
function isNode(ort: OrtModule): boolean {
  return ort.env.versions.node !== undefined
}
