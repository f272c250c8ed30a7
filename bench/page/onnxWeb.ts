// onnxruntime-web twice, as its WebGPU build and as its WASM build: the one's WASM part is slower than the other's. The
// files come from the page's own server.
import * as ortWasm from 'onnxruntime-web/wasm'
import * as ortWebgpu from 'onnxruntime-web/webgpu'
import wasmGlue from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import wasmBinary from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import webgpuGlue from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import webgpuBinary from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import type { Runtime } from '../../src/graph/session.ts'

/** More threads gain nothing on networks of our size; the product stops there too. */
const mostThreads = 8

const absolute = (url: string) => new URL(url, import.meta.url).href

export function openWebgpuRuntime() {
  ortWebgpu.env.wasm.wasmPaths = { mjs: absolute(webgpuGlue), wasm: absolute(webgpuBinary) }
  ortWebgpu.env.wasm.numThreads = 1
  ortWebgpu.env.logLevel = 'error'
  return ortWebgpu
}

export function openWasmRuntime(): Runtime {
  const threads = crossOriginIsolated ? Math.min(mostThreads, navigator.hardwareConcurrency || 1) : 1
  ortWasm.env.wasm.wasmPaths = { mjs: absolute(wasmGlue), wasm: absolute(wasmBinary) }
  ortWasm.env.wasm.numThreads = threads
  ortWasm.env.logLevel = 'error'
  return { kind: 'onnx', ort: ortWasm, threads, label: `onnxruntime-web (WASM), ${threads} threads` }
}
