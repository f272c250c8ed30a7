// WebGPU in Node: Dawn, from the optional package `webgpu`. A real GPU's driver is tried first; without one Dawn is
// pointed at the SwiftShader driver that ships beside Chromium, which computes on the processor.
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { findSwiftShaderIcd } from '../../scripts/findChrome.mjs'
import { InputError } from '../../src/base/errors.ts'
import {
  describeAdapter,
  registerWebgpuBackend,
  requestDevice,
  type DeviceRequest,
  type GpuDevice,
} from '../../src/kernels/device.ts'

export interface NodeGpu extends GpuDevice {
  readonly label: string
}

// Without this Dawn toggle NVIDIA's Linux driver is not offered half precision. The driver's validation stays on.
const dawnOptions = process.platform === 'linux' ? ['enable-dawn-features=vulkan_enable_f16_on_nvidia'] : []

async function loadDawn(): Promise<typeof import('webgpu')> {
  try {
    return await import('webgpu')
  } catch (error) {
    throw new InputError(
      'WebGPU in Node needs the optional package webgpu, which is not installed here; run npm install or compute on the CPU.',
      String(error),
    )
  }
}

/** The Vulkan loader complains without a runtime folder of its own. */
function provideRuntimeFolder(): void {
  if (process.env.XDG_RUNTIME_DIR || process.platform !== 'linux') return
  const folder = mkdtempSync(path.join(os.tmpdir(), 'smartformer-gpu-'))
  process.env.XDG_RUNTIME_DIR = folder
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
}

/** tfjs and Dawn expect the page's globals: GPUBuffer and its kin, and navigator.gpu. */
function provideGlobals(globals: object, gpu: GPU): void {
  Object.assign(globalThis, globals)
  if (!globalThis.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true })
}

/**
 * A device of Dawn without tfjs.
 * @throws InputError in a sentence when the package, a driver or an adapter is missing.
 */
export async function requestNodeDevice(request?: DeviceRequest): Promise<NodeGpu> {
  const { create, globals } = await loadDawn()
  provideRuntimeFolder()
  let gpu = create(dawnOptions)
  if (!(await gpu.requestAdapter({ powerPreference: 'high-performance' }))) {
    const icd = process.env.VK_ICD_FILENAMES ? undefined : findSwiftShaderIcd()
    if (icd) {
      process.env.VK_ICD_FILENAMES = icd
      gpu = create(dawnOptions)
    }
  }
  provideGlobals(globals, gpu)
  const found = await requestDevice(gpu, request)
  return { ...found, label: `WebGPU on ${describeAdapter(found.adapterInfo)} (Dawn)` }
}

/** Registers tfjs's WebGPU backend with our kernels and makes it the active one. @throws InputError as above. */
export async function openNodeGpu(request?: DeviceRequest): Promise<NodeGpu> {
  const found = await requestNodeDevice(request)
  registerWebgpuBackend(found)
  await tf.setBackend('webgpu')
  await tf.ready()
  return found
}
