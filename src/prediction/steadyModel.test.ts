import { beforeAll, describe, expect, it } from 'vitest'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { DeviceMemoryError } from '../base/errors.ts'
import type { OrtModule, Runtime } from '../graph/session.ts'
import { presets } from '../network/config.ts'
import type { ModelManifest } from '../network/model.ts'
import type { ModelFiles } from './loadModel.ts'
import { loadModel } from './loadModel.ts'
import { openSteadyModel } from './steadyModel.ts'
import { makeModelFiles } from './testModel.ts'

type Session = Awaited<ReturnType<OrtModule['InferenceSession']['create']>>
type Results = Awaited<ReturnType<Session['run']>>

const config = { ...presets.demo, decoder_full_channels: 4, embed: 8 }

let cpu: Runtime
let files: ModelFiles & { readonly manifest: ModelManifest }
beforeAll(async () => {
  cpu = await loadNodeRuntime(2)
  files = await makeModelFiles({ tasks: ['segment'], config })
})

interface Trouble {
  /** Called before each session is made. */
  onOpen?(): void
  /** Called with the results of each run. */
  onRun?(results: Results): void
}

/** A device that computes what the CPU computes, and has troubles of a GPU's kind. */
function troubled(label: string, { onOpen, onRun }: Trouble): Runtime {
  const create = async (...input: Parameters<OrtModule['InferenceSession']['create']>) => {
    onOpen?.()
    const session = await cpu.ort.InferenceSession.create(...input)
    return {
      run: async (feeds: Parameters<Session['run']>[0]) => {
        const results = await session.run(feeds)
        onRun?.(results)
        return results
      },
      release: () => session.release(),
    }
  }
  const ort = { ...cpu.ort, Tensor: cpu.ort.Tensor, env: cpu.ort.env, InferenceSession: { create } }
  return { ...cpu, label, ort: ort as unknown as OrtModule }
}

const tile = Float32Array.from({ length: 32 ** 3 }, (_, i) => ((i * 7919) % 1000) / 1000)

async function answerOfCpu(): Promise<Float32Array> {
  const model = await loadModel(files, cpu)
  return model.segment!(tile).finally(() => model.release())
}

function valuesOf(results: Results): Float32Array {
  return Object.values(results)[0].data as Float32Array
}

describe('a model that outlives its device', () => {
  it('runs on a GPU that agrees with the CPU, and says nothing', async () => {
    const model = await openSteadyModel(files, {
      openGpu: () => Promise.resolve(troubled('a GPU', {})),
      openCpu: () => cpu,
    })
    expect(model.runtime.label).toBe('a GPU')
    expect(model.notices).toEqual([])
    expect(await model.segment!(tile)).toEqual(await answerOfCpu())
    await model.release()
  })

  it('runs on the CPU where there is no GPU', async () => {
    const model = await openSteadyModel(files, {
      openGpu: () => Promise.resolve(undefined),
      openCpu: why => ({ ...cpu, label: `CPU (${why})` }),
    })
    expect(model.runtime.label).toBe('CPU (no GPU found)')
    expect(model.notices).toEqual([])
    await model.release()
  })

  it.each([
    ['other probabilities', (values: Float32Array) => (values[17] += 0.02)],
    ['what is no number', (values: Float32Array) => (values[17] = NaN)],
  ])('does not believe a GPU that gives %s', async (_, spoil) => {
    const model = await openSteadyModel(files, {
      openGpu: () => Promise.resolve(troubled('a GPU', { onRun: results => void spoil(valuesOf(results)) })),
      openCpu: () => cpu,
    })
    expect(model.runtime.label).toBe(cpu.label)
    expect(model.notices).toHaveLength(1)
    expect(model.notices[0]).toMatch(/GPU \(a GPU\) is not used.*differ/)
    await model.release()
  })

  it('says why where a GPU is there and cannot be opened', async () => {
    const model = await openSteadyModel(files, {
      openGpu: () => Promise.reject(new Error('the driver refuses')),
      openCpu: why => ({ ...cpu, label: `CPU (${why})` }),
    })
    expect(model.runtime.label).toBe('CPU (the GPU is not used)')
    expect(model.notices).toEqual(['The GPU is not used: the driver refuses'])
    await model.release()
  })

  it('takes smaller tiles where the GPU cannot hold the described ones', async () => {
    const { manifest } = files
    const segment = { ...manifest.networks.segment!, shape: [64, 32, 32] as const }
    const large = { ...files, manifest: { ...manifest, networks: { segment } } }
    let sessions = 0
    const onOpen = () => {
      if (sessions++ === 0) throw new DeviceMemoryError('too large')
    }
    const model = await openSteadyModel(large, {
      openGpu: () => Promise.resolve(troubled('a GPU', { onOpen })),
      openCpu: () => cpu,
    })
    expect(model.manifest.networks.segment!.shape).toEqual([32, 32, 32])
    expect(model.runtime.label).toBe('a GPU')
    expect(model.notices[0]).toMatch(/64 × 32 × 32.*32 × 32 × 32/)
    expect(await model.segment!(tile)).toHaveLength(32 ** 3)
    await model.release()
  })

  it('repeats the tile on the GPU, opened again, when that was lost', async () => {
    let runs = 0
    const onRun = () => {
      // The first run is the comparison at the opening, the second the first tile.
      if (++runs === 2) throw new Error('The device was lost.')
    }
    const model = await openSteadyModel(files, {
      openGpu: () => Promise.resolve(troubled('a GPU', { onRun })),
      openCpu: () => cpu,
    })
    expect(await model.segment!(tile)).toEqual(await answerOfCpu())
    expect(model.runtime.label).toBe('a GPU')
    expect(model.takeEvents()).toEqual([expect.stringMatching(/lost and has been started again/)])
    expect(model.takeEvents()).toEqual([])
    await model.release()
  })

  it('goes on with the tile on the CPU when the GPU fails again, and stays there', async () => {
    let runs = 0
    const onRun = () => {
      // Runs 1 and 3 are the comparisons at the two openings.
      if (++runs !== 1 && runs !== 3) throw new Error('The device was lost.')
    }
    const model = await openSteadyModel(files, {
      openGpu: () => Promise.resolve(troubled('a GPU', { onRun })),
      openCpu: why => ({ ...cpu, label: `CPU (${why})` }),
    })
    expect(await model.segment!(tile)).toEqual(await answerOfCpu())
    expect(model.runtime.label).toBe('CPU (the GPU failed)')
    expect(model.notices).toEqual([expect.stringMatching(/on the CPU/)])
    expect(runs).toBe(4)
    await model.release()
  })

  it('gives an error of the CPU to whoever asked', async () => {
    const model = await openSteadyModel(files, {
      openGpu: () => Promise.resolve(undefined),
      openCpu: () => cpu,
    })
    await expect(model.segment!(new Float32Array(5))).rejects.toThrow(/needs 32768 values/)
    await model.release()
  })
})
