import { describe, expect, it } from 'vitest'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { sample } from '../kernels/testSupport.ts'
import { presets, type NetworkConfig } from '../network/config.ts'
import { attentionProgram } from './blockAttention.ts'
import { untrainedParameters } from './labEncoder.ts'
import { openSteadyProgram } from './steadyProgram.ts'

// Dawn needs an optional package and a Vulkan driver; without them this is skipped by name.
const { requestNodeDevice } = await import('../../cli/support/nodeGpu.ts')
const openGpu = () =>
  requestNodeDevice({ limits: 'default' }).then(
    ({ device, label }) => ({ kind: 'plan' as const, device, label }),
    () => undefined,
  )
const isMissing = (await openGpu()) === undefined

const config: NetworkConfig = { ...presets.tiny, embed: 8, depths: [1, 2, 1, 1], heads: [2, 2, 2, 4] }
// 12 × 16 × 20 voxels are 3 × 4 × 5 tokens at the second stage: shifted windows with padding.
const encoder = { config, shape: [12, 16, 20] as const, parameters: untrainedParameters(config) }

describe.skipIf(isMissing)('on WebGPU', () => {
  // A program whose values differ from the CPU's by more than rounding leaves the GPU and says so in a notice.
  it('the attention of a shifted, padded block is what the CPU gives', async () => {
    const program = attentionProgram(encoder, [{ stage: 1, block: 1 }])
    const [cpu, gpu] = [await loadNodeRuntime(2), await openGpu()]
    const opened = await openSteadyProgram(program, { openGpu: async () => gpu, openCpu: () => cpu })
    await opened.run({ image: sample(12 * 16 * 20, 3) })
    expect([opened.label, opened.notices]).toEqual([gpu!.label, []])
    await opened.release()
  })
})
