// onnxruntime-web's WASM runtime for the compute worker: the CPU path, loaded from our own origin only.
import * as ort from 'onnxruntime-web/wasm'
import glueUrl from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import type { Runtime } from '../graph/session.ts'

/** More threads than this gain nothing on the window sizes of our networks. */
const MAX_THREADS = 8

/**
 * Threads need shared memory, which needs the page's isolation headers; without them it is one thread, and the label
 * says so. `remark` says why the GPU is not used.
 */
export function cpuRuntime(remark: string): Runtime {
  const isolated = globalThis.crossOriginIsolated === true
  const threads = isolated ? Math.max(1, Math.min(MAX_THREADS, navigator.hardwareConcurrency || 1)) : 1
  const work = threads === 1 ? '1 thread' : `${threads} threads`
  const why = isolated ? '' : ', because this page was served without isolation headers'
  ort.env.wasm.wasmPaths = {
    mjs: new URL(glueUrl, import.meta.url).href,
    wasm: new URL(wasmUrl, import.meta.url).href,
  }
  ort.env.wasm.numThreads = threads
  ort.env.logLevel = 'error'
  return { kind: 'onnx', ort, threads, label: `this computer’s CPU (${remark}), ${work}${why}` }
}
