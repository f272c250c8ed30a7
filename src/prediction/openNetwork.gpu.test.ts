import { describe, expect, it } from 'vitest'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { classifyLogits } from '../network/network.ts'
import { readSafetensors } from '../network/safetensors.ts'
import { openNetwork } from './openNetwork.ts'
import { openSteadyModel, type ModelPlaces } from './steadyModel.ts'
import { classifyEntry, makeModelFiles } from './testModel.ts'
import { takeParameters } from './weights.ts'

// Dawn needs an optional package and a Vulkan driver; without them this is skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.requestNodeDevice({ limits: 'default' }))
  .catch(() => undefined)

describe.skipIf(!gpu)('a network opened for WebGPU', () => {
  it('gives the probability that it gives on the CPU, and cannot run after release', async () => {
    const crop = Float32Array.from({ length: 32 ** 3 }, (_, i) => ((i * 7919) % 1000) / 1000)
    const { weights } = await makeModelFiles()
    const parameters = takeParameters(readSafetensors(weights), 'classify.')
    const plan = { entry: classifyEntry, parameters, forward: classifyLogits, label: 'malignant' }
    const onCpu = await openNetwork(plan, await loadNodeRuntime(2))
    const onGpu = await openNetwork(plan, { kind: 'plan', device: gpu!.device, label: gpu!.label })
    const [a] = await onCpu.run(crop)
    const [b] = await onGpu.run(crop)
    expect(a).toBeGreaterThan(0)
    expect(a).toBeLessThan(1)
    // Float32 through a whole encoder; SPEC 11 allows 2e-4 of the largest value.
    expect(Math.abs(a - b)).toBeLessThan(2e-4)
    await onCpu.release()
    await onGpu.release()
    await expect(onGpu.run(crop)).rejects.toThrow(/released/)
  })

  /** The GPU, with a memory that knows which programs are faster on it. */
  const placesOf = async (known: string) => {
    const kept: string[] = []
    const cpu = await loadNodeRuntime(2)
    const places: ModelPlaces = {
      openGpu: () => Promise.resolve({ kind: 'plan', device: gpu!.device, label: 'a GPU' }),
      openCpu: () => cpu,
      programMemory: {
        recall: () => Promise.resolve(known),
        remember: (_, value) => Promise.resolve(void kept.push(value)),
      },
    }
    return { places, kept }
  }

  it('stores halves where they agree with the CPU, and says so', async () => {
    const { places, kept } = await placesOf('registers f16')
    const model = await openSteadyModel(await makeModelFiles({ tasks: ['classify'] }), places)
    expect(model.notices).toEqual([])
    expect(model.runtime.label).toBe('a GPU, values stored in 16 bits')
    expect(kept).toEqual([])
    await model.release()
  })

  it('stores single precision where halves do not agree, and remembers that', async () => {
    // Embedded patches beyond a half's range, which the norm behind them brings back in single precision.
    const files = await makeModelFiles({
      tasks: ['classify'],
      change: tensors => {
        for (const [name, tensor] of Object.entries(tensors))
          if (name.includes('patch_embed.proj'))
            tensors[name] = { ...tensor, data: (tensor.data as Float32Array).map(value => value * 1e6) }
      },
    })
    const { places, kept } = await placesOf('registers f16')
    const model = await openSteadyModel(files, places)
    expect(model.notices).toEqual([])
    expect(model.runtime.label).toBe('a GPU')
    expect(kept).toEqual(['registers f32'])
    await model.release()
  })
})
