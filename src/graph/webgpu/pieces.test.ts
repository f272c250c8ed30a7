import { describe, expect, it } from 'vitest'
import { presets } from '../../network/config.ts'
import { segmentLogits } from '../../network/network.ts'
import { parameterShapes } from '../../network/parameters.ts'
import type { Graph } from '../graph.ts'
import { traceGraph } from '../trace.ts'
import { forecastPlan } from './plan.ts'

const MiB = 2 ** 20

/** A device's limits; forecasts touch nothing else of it. */
function deviceOf(bindingBytes: number, bufferBytes: number): GPUDevice {
  const limits = {
    maxStorageBufferBindingSize: bindingBytes,
    maxBufferSize: bufferBytes,
    minStorageBufferOffsetAlignment: 256,
    minUniformBufferOffsetAlignment: 256,
    maxComputeWorkgroupStorageSize: 16_384,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupsPerDimension: 65_535,
    maxStorageBuffersPerShaderStage: 8,
  }
  return { limits, features: new Set() } as unknown as GPUDevice
}

function segmentationOf(side: number): { graph: Graph; resident: string[] } {
  const config = presets.base
  const shapes = parameterShapes(config, { decoder: true })
  const specs = Object.entries({ ...shapes, image: [1, side, side, side, 1] }).map(
    ([name, shape]) => [name, { shape, dtype: 'float32' as const }] as const,
  )
  const graph = traceGraph(
    ({ image, ...parameters }) => ({ logits: segmentLogits(parameters, image, config) }),
    Object.fromEntries(specs),
    { keepKernels: true },
  )
  return { graph, resident: Object.keys(shapes) }
}

describe('the base segmentation network on a device that binds 128 MiB at once', () => {
  // 48 channels at 96³ are 162 MiB in single precision, two such grids joined 324 MiB.
  it('is planned for tiles of 96³ in single precision where buffers may be as large as its values', () => {
    const { graph, resident } = segmentationOf(96)
    const small = forecastPlan(graph, deviceOf(128 * MiB, 1024 * MiB), { resident })
    const large = forecastPlan(graph, deviceOf(1024 * MiB, 1024 * MiB), { resident })
    expect([small.arena, small.resident]).toEqual([large.arena, large.resident])
  })

  it('is planned for tiles of 96³ at WebGPU’s default limits where values are stored as halves', () => {
    const { graph, resident } = segmentationOf(96)
    const device = deviceOf(128 * MiB, 256 * MiB)
    expect(() => forecastPlan(graph, device, { resident })).toThrow(
      /339738624 bytes is larger than a buffer.*smaller tiles/,
    )
    const { arena } = forecastPlan(graph, device, { resident, storage: 'f16' })
    expect(arena).toBeLessThan(340 * MiB)
  })

  it('is refused in a sentence where pieces are more than a program binds', () => {
    const { graph, resident } = segmentationOf(128)
    const device = deviceOf(128 * MiB, 1024 * MiB)
    expect(() => forecastPlan(graph, device, { resident })).toThrow(
      /9 pieces.*at most 8; compute smaller tiles/,
    )
    expect(forecastPlan(graph, device, { resident, storage: 'f16' }).arena).toBeGreaterThan(700 * MiB)
  })
})
