// What a training step takes on a GPU, known without one: for whoever chooses preset, crop and batch.
import { forecastPlan, type DeviceLimits } from '../graph/webgpu/plan.ts'
import type { Forecast } from '../graph/webgpu/storage.ts'
import { traceStep, type StepDefinition } from './stepGraph.ts'

/** WebGPU's default limits, which every device has, and those of a usual desktop driver, as far as plans look at them. */
export const assumedLimits = {
  default: limitsOf(2 ** 27, 2 ** 28, 2 ** 14),
  desktop: limitsOf(2 ** 31 - 4, 2 ** 32, 2 ** 15),
} as const

function limitsOf(bindingBytes: number, bufferBytes: number, workgroupBytes: number): DeviceLimits {
  const limits = {
    maxStorageBufferBindingSize: bindingBytes,
    maxBufferSize: bufferBytes,
    maxComputeWorkgroupStorageSize: workgroupBytes,
    minStorageBufferOffsetAlignment: 256,
    minUniformBufferOffsetAlignment: 256,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupsPerDimension: 65_535,
  }
  return { limits: limits as GPUSupportedLimits }
}

/** Bytes of the step's plan, exactly, without allocating any. @throws DeviceMemoryError when the device cannot hold it. */
export function forecastStep(definition: StepDefinition, device: DeviceLimits): Forecast {
  const { graph, updated, fixed } = traceStep(definition, { keepKernels: true })
  const state = Object.fromEntries(updated.map(name => [name, name]))
  return forecastPlan(graph, device, { state, resident: fixed })
}
