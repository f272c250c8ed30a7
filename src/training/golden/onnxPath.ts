// Runs a program as the product does without a GPU: traced, simplified, written as ONNX, run by ONNX Runtime.
import type { Graph } from '../../graph/graph.ts'
import { createSession, type Runtime } from '../../graph/session.ts'
import { bindInputs, simplify } from '../../graph/simplify.ts'
import { traceGraph, type TraceOptions } from '../../graph/trace.ts'
import type { HostTensors } from './fixture.ts'
import type { Path, PreparedProgram, Program } from './operation.ts'

type Feed = Float32Array | Int32Array

function feedOf(tensor: HostTensors[string]): Feed {
  const { data } = tensor
  return data instanceof Float32Array || data instanceof Int32Array ? data : Float32Array.from(data)
}

export function feedsOf(tensors: HostTensors): Record<string, Feed> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, feedOf(tensor)]))
}

/** The program as a simplified graph; `constants` are part of it. */
export function traceProgram(
  program: Program,
  example: HostTensors,
  constants: HostTensors,
  options?: TraceOptions,
): Graph {
  const specs = Object.fromEntries(
    Object.entries({ ...example, ...constants }).map(([name, { shape, data }]) => [
      name,
      { shape: [...shape], dtype: data instanceof Int32Array ? ('int32' as const) : ('float32' as const) },
    ]),
  )
  const traced = traceGraph(program, specs, options)
  return Object.keys(constants).length > 0 ? bindInputs(traced, feedsOf(constants)) : simplify(traced)
}

async function compile(
  program: Program,
  example: HostTensors,
  constants: HostTensors,
  runtime: Runtime,
): Promise<PreparedProgram> {
  const session = await createSession(traceProgram(program, example, constants), runtime)
  return {
    run: async inputs => {
      const results = await session.run(feedsOf(inputs))
      return Object.fromEntries(
        Object.entries(results).map(([name, { data, shape }]) => [name, { data, shape }]),
      )
    },
    release: () => Promise.resolve(session.release()),
  }
}

/** The path over a loaded ONNX runtime. */
export function onnxPath(runtime: Runtime): Path {
  return {
    name: 'onnx',
    isFastEnoughToTrain: true,
    runtime,
    run: async (program, inputs, constants = {}) => {
      const compiled = await compile(program, inputs, constants, runtime)
      const got = await compiled.run(inputs)
      await compiled.release()
      return got
    },
    prepare: (program, example) => compile(program, example, {}, runtime),
  }
}
