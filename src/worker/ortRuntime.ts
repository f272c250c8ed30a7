// onnxruntime-web's WASM runtime for the compute worker, loaded from our own origin only.
import * as ort from 'onnxruntime-web/wasm'
import glueUrl from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import type { ComputeDevice } from './protocol.ts'

/** More threads than this gain nothing on the window sizes of our networks. */
const MAX_THREADS = 8

/** Threads need shared memory, which needs the page's isolation headers; without them one thread, and it is said. */
export function describeDevice(hasGpu: boolean): ComputeDevice {
  const isolated = globalThis.crossOriginIsolated === true
  const threads = isolated ? Math.max(1, Math.min(MAX_THREADS, navigator.hardwareConcurrency || 1)) : 1
  const gpu = hasGpu ? '' : ' (no GPU found)'
  const work = threads === 1 ? '1 thread' : `${threads} threads`
  const note = isolated ? '' : ', because this page was served without isolation headers'
  return { label: `this computer’s CPU${gpu}, ${work}${note}`, threads, isolated }
}

/** True when WebGPU offers an adapter that is not a software one. */
export async function hasRealGpu(): Promise<boolean> {
  try {
    const adapter = await navigator.gpu?.requestAdapter()
    if (!adapter || adapter.info.isFallbackAdapter) return false
    return !/swiftshader|llvmpipe|software/i.test(
      `${adapter.info.vendor} ${adapter.info.architecture} ${adapter.info.description}`,
    )
  } catch {
    return false
  }
}

export function configureOrt(device: ComputeDevice): typeof ort {
  ort.env.wasm.wasmPaths = {
    mjs: new URL(glueUrl, import.meta.url).href,
    wasm: new URL(wasmUrl, import.meta.url).href,
  }
  ort.env.wasm.numThreads = device.threads
  ort.env.logLevel = 'error'
  return ort
}
