// WebGPU in Node: Dawn, from the optional package `webgpu`. A real GPU's driver is tried first; without one Dawn is
// pointed at the SwiftShader driver that ships beside Chromium, which computes on the processor.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type * as Dawn from 'webgpu'
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

async function loadDawn(): Promise<typeof Dawn> {
  try {
    return await import('webgpu')
  } catch (error) {
    throw new InputError(
      'WebGPU in Node needs the optional package webgpu, which is not installed here; run npm install or compute on the CPU.',
      String(error),
    )
  }
}

const manifestFolders = ['/etc', '/usr/share', '/usr/local/share', path.join(os.homedir(), '.local/share')]

/** True when the system registers a Vulkan driver other than Mesa's software one, which Dawn refuses. */
function hasVulkanDriver(): boolean {
  return manifestFolders
    .map(folder => path.join(folder, 'vulkan/icd.d'))
    .filter(folder => existsSync(folder))
    .some(folder => readdirSync(folder).some(name => name.endsWith('.json') && !/lvp|swrast/i.test(name)))
}

const keepLoaded = 0x1000 // RTLD_NODELETE of glibc

/**
 * Makes the Vulkan loader beside the browser the process's libvulkan.so.1. Dawn asks for it by that name, which succeeds
 * for a library that is loaded already, wherever it stands; LD_LIBRARY_PATH would have to be set before the process starts.
 */
function loadVulkanLoader(folder: string): void {
  try {
    process.dlopen(
      { exports: {} },
      path.join(folder, 'libvulkan.so.1'),
      os.constants.dlopen.RTLD_NOW | keepLoaded,
    )
  } catch {
    // It is no Node module, which is what this says; the library stays.
  }
}

/** Points Vulkan at SwiftShader; false when there is no browser that brings it, or another system than Linux. */
function chooseSoftwareDriver(): boolean {
  const icd =
    process.platform === 'linux' ? (process.env.VK_ICD_FILENAMES ?? findSwiftShaderIcd()) : undefined
  if (!icd) return false
  process.env.VK_ICD_FILENAMES = icd
  loadVulkanLoader(path.dirname(icd))
  return true
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
  const isChosen =
    (process.env.VK_ICD_FILENAMES !== undefined || !hasVulkanDriver()) && chooseSoftwareDriver()
  let gpu = create(dawnOptions)
  if (!isChosen && !(await gpu.requestAdapter({ powerPreference: 'high-performance' }))) {
    if (chooseSoftwareDriver()) gpu = create(dawnOptions)
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
