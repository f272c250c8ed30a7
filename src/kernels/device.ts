// The one GPUDevice of a process: requested here with all that the adapter offers, handed to tfjs, and told apart from a
// software adapter, on which WebGPU is slower than the CPU path. Knows neither page nor Node: the `GPU` comes from outside.
import * as tf from '@tensorflow/tfjs-core'
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import { InputError } from '../base/errors.ts'
import { registerKernels } from './register.ts'

export interface GpuDevice {
  readonly device: GPUDevice
  readonly adapterInfo: GPUAdapterInfo
  /** SwiftShader, llvmpipe and the like: a processor that plays GPU. */
  readonly isSoftware: boolean
}

export interface DeviceRequest {
  /** "default" asks for WebGPU's guaranteed limits only, as a small laptop has them; tests run there too. */
  readonly limits?: 'maximum' | 'default'
}

// Strings: the types that come with tfjs's backend are older than subgroups.
const wantedFeatures: readonly string[] = ['shader-f16', 'subgroups', 'timestamp-query']
const softwareAdapter = /swiftshader|llvmpipe|lavapipe|basic render|software/i

/** The adapter's name for a person, for example "nvidia ampere" or "google swiftshader". */
export function describeAdapter({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return description || [vendor, architecture || device].filter(Boolean).join(' ') || 'unnamed adapter'
}

/** True for an adapter that computes on the processor. */
export function isSoftwareAdapter(info: GPUAdapterInfo): boolean {
  const name = [info.vendor, info.architecture, info.device, info.description].join(' ')
  return info.isFallbackAdapter === true || softwareAdapter.test(name)
}

/** The high-performance adapter's device. @throws InputError where there is no adapter. */
export async function requestDevice(
  gpu: GPU,
  { limits = 'maximum' }: DeviceRequest = {},
): Promise<GpuDevice> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) {
    throw new InputError(
      'No WebGPU adapter was offered, but a graphics driver with WebGPU or Vulkan is expected; compute on the CPU instead.',
    )
  }
  const requiredLimits: Record<string, number> = {}
  // Limits are getters of the prototype, which `for in` visits and Object.entries does not.
  if (limits === 'maximum') {
    for (const name in adapter.limits) {
      const value: unknown = adapter.limits[name as keyof GPUSupportedLimits]
      if (typeof value === 'number') requiredLimits[name] = value
    }
  }
  const requiredFeatures = wantedFeatures.filter(feature => adapter.features.has(feature)) as GPUFeatureName[]
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits })
  return { device, adapterInfo: adapter.info, isSoftware: isSoftwareAdapter(adapter.info) }
}

/**
 * Makes tfjs's backend "webgpu" run on our device, with our kernels and gradients. tfjs registers a device of its own
 * when it is imported and ignores a second registration, so that one is removed first.
 */
export function registerWebgpuBackend({ device, adapterInfo }: GpuDevice): void {
  if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu')
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, adapterInfo), 3)
  registerKernels()
}
