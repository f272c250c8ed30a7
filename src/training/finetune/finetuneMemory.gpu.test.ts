// What a fine-tuning run takes of a GPU it gives back: buffers counted as WebGPU hands them out.
import { describe, expect, it } from 'vitest'
import { requestNodeDevice } from '../../../cli/support/nodeGpu.ts'
import { testRuntime } from '../../graph/testSupport.ts'
import type { PlanRuntime } from '../../graph/webgpu/runtime.ts'
import { modelIdentity, parseManifest } from '../../network/model.ts'
import { memoryStorage } from '../pretrain/testSupport.ts'
import { RunControl } from '../run/control.ts'
import type { TrainPlaces } from '../steadyStep.ts'
import { performFinetuning, type FinetuningOptions } from './performFinetuning.ts'
import { finetunedModel } from './result.ts'
import { testCrops, testSettings } from './testSupport.ts'

/** Live buffers of a device and their bytes, from now on, and the most bytes that lived at once. */
function countBuffers(device: GPUDevice) {
  const live = new Map<GPUBuffer, number>()
  const counted = { most: 0, now: () => ({ buffers: live.size, bytes: bytes() }) }
  const bytes = () => [...live.values()].reduce((sum, one) => sum + one, 0)
  const create = device.createBuffer.bind(device)
  device.createBuffer = descriptor => {
    const buffer = create(descriptor)
    live.set(buffer, buffer.size)
    counted.most = Math.max(counted.most, bytes())
    const destroy = buffer.destroy.bind(buffer)
    buffer.destroy = () => {
      live.delete(buffer)
      return destroy()
    }
    return buffer
  }
  return counted
}

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const open = async (): Promise<PlanRuntime> => {
  const { device, label } = await requestNodeDevice({ limits: 'default' })
  return { kind: 'plan', device, label }
}
const gpu = await open().catch(() => undefined)

const cpu = await testRuntime()
const onCpu: TrainPlaces = {
  openGpu: () => Promise.resolve(undefined),
  openCpu: () => Promise.resolve(cpu!),
}
const onGpu: TrainPlaces = {
  openGpu: () => Promise.resolve(gpu),
  openCpu: why => Promise.reject(new Error(`the CPU was not asked for: ${why}`)),
}

const settings = testSettings({ epochs: 1, batch: 4, averaging: 0 })

const run = (more: Partial<FinetuningOptions>) =>
  performFinetuning({
    ...{ storage: memoryStorage().storage, settings, crops: testCrops([0, 1, 0, 1]), start: undefined },
    ...{ keepsCrops: false, places: onGpu, environment: () => ({ device: 'gpu' }), saveEvery: 1 },
    ...{ control: new RunControl(), ...more },
  })

describe.skipIf(!gpu || !cpu)('a fine-tuning run on a GPU', () => {
  it('leaves no buffer behind', async () => {
    const { storage } = memoryStorage()
    await run({ storage, places: onCpu })
    const start = await finetunedModel(storage, { name: 'start' })
    const { name, version } = parseManifest(start.manifest)
    const identity = await modelIdentity(start.manifest, start.weights)
    // A head alone: a software adapter compiles a third of the programs of a whole network's gradients.
    const head = {
      start,
      settings: { ...settings, method: 'head', start: { name, version, identity } },
    } as const
    const counted = countBuffers(gpu!.device)
    expect(await run(head)).toBe('finished')
    console.log(`a run of a micro network took ${(counted.most / 2 ** 20).toFixed(1)} MB of the GPU at most`)
    // Weights, moments, activations of the step and of the judge: the run was computed there indeed.
    expect(counted.most).toBeGreaterThan(2 ** 19)
    expect(counted.now()).toEqual({ buffers: 0, bytes: 0 })
  })
})
