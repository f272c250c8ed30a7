// ONNX Runtime for commands: onnxruntime-node where it is installed (an optional dependency), else onnxruntime-web's
// WASM in Node, which is two to three times slower.
import os from 'node:os'
import type { OrtModule, Runtime } from '../../src/graph/session.ts'

async function importNative(): Promise<OrtModule | undefined> {
  try {
    return (await import('onnxruntime-node')) as unknown as OrtModule
  } catch {
    return undefined
  }
}

/** The fastest runtime that this installation has; `threads` defaults to the machine's processors. */
export async function loadNodeRuntime(threads = os.availableParallelism()): Promise<Runtime> {
  const native = await importNative()
  if (native) return { kind: 'onnx', ort: native, threads, label: `onnxruntime-node, ${threads} threads` }
  return loadWebRuntime(threads)
}

/** onnxruntime-web's WASM in Node, for comparison and where onnxruntime-node is missing. */
export async function loadWebRuntime(threads = os.availableParallelism()): Promise<Runtime> {
  const web = (await import('onnxruntime-web')) as unknown as OrtModule
  web.env.wasm.numThreads = threads
  return { kind: 'onnx', ort: web, threads, label: `onnxruntime-web (WASM), ${threads} threads` }
}
