import { describe, expect, it } from 'vitest'
import type { Triple } from '../base/shape.ts'
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import type { LoadedModel } from './loadModel.ts'
import { makeOracle } from './testModel.ts'
import { tunePrograms, type ProgramMemory } from './tunePrograms.ts'

// No device is touched: what is tested is which programs are chosen and what is kept.
const runtime: PlanRuntime = {
  kind: 'plan',
  device: { features: new Set() } as unknown as GPUDevice,
  label: 'a GPU',
}

type Times = Readonly<Partial<Record<NonNullable<PlanRuntime['tiles']>, number>>>

/** A clock that each run advances by the milliseconds of the programs that were opened. */
function bench(halves: Times, single: Times = { shared: 9, registers: 9 }) {
  let time = 0
  let current = 0
  const opened: string[] = []
  let released = 0
  return {
    opened,
    released: () => released,
    now: () => time,
    open: ({ tiles, storage }: PlanRuntime): Promise<LoadedModel> => {
      current = (storage === 'f16' ? halves : single)[tiles!] ?? 100
      opened.push(`${tiles} ${storage}`)
      return Promise.resolve({ ...makeOracle(0), release: () => Promise.resolve(void released++) })
    },
    run: () => {
      time += current
      return Promise.resolve()
    },
  }
}

function makeMemory(): ProgramMemory & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    recall: key => Promise.resolve(kept.get(key)),
    remember: (key, value) => Promise.resolve(void kept.set(key, value)),
  }
}

describe('choosing programs', () => {
  it.each([
    ['shared', 'f16', { shared: 3, registers: 5 }, { shared: 4, registers: 1 }],
    ['registers', 'f16', { shared: 5, registers: 3 }, { shared: 1, registers: 4 }],
    ['registers', 'f32', { shared: 5, registers: 4 }, { shared: 1, registers: 3 }],
  ] as const)(
    'takes %s %s where those are faster, and frees all models',
    async (tiles, storage, halves, single) => {
      const { open, run, now, opened, released } = bench(halves, single)
      expect(await tunePrograms(runtime, 'key', open, run, undefined, now)).toMatchObject({ tiles, storage })
      expect(opened).toEqual(['shared f16', 'registers f16', `${tiles} f32`])
      expect(released()).toBe(3)
    },
  )

  it('tries subgroups where the device has them', async () => {
    const { open, run, now, opened } = bench({ shared: 3, registers: 5, subgroups: 2 })
    const device = { features: new Set(['subgroups']) } as unknown as GPUDevice
    const chosen = await tunePrograms({ ...runtime, device }, 'key', open, run, undefined, now)
    expect(chosen).toMatchObject({ tiles: 'subgroups', storage: 'f16' })
    expect(opened).toEqual(['shared f16', 'registers f16', 'subgroups f16', 'subgroups f32'])
  })

  it('prefers what holds a larger tile to what is faster', async () => {
    const { open, run, now } = bench({ shared: 5, registers: 4 }, { shared: 1, registers: 1 })
    const small = async (on: PlanRuntime): Promise<LoadedModel> => {
      const model = await open(on)
      const { networks } = model.manifest
      const shape: Triple = on.storage === 'f16' ? [64, 64, 64] : [32, 32, 32]
      const segment = { ...networks.segment!, shape }
      return { ...model, manifest: { ...model.manifest, networks: { segment } } }
    }
    const tuned = await tunePrograms(runtime, 'key', small, run, undefined, now)
    expect(tuned).toMatchObject({ tiles: 'registers', storage: 'f16' })
  })

  it('measures once for an adapter and model', async () => {
    const memory = makeMemory()
    const first = bench({ shared: 5, registers: 3 })
    await tunePrograms(runtime, 'key', first.open, first.run, memory, first.now)
    expect(memory.kept).toEqual(new Map([['key', 'registers f16']]))
    const second = bench({ shared: 5, registers: 3 })
    const tuned = await tunePrograms(runtime, 'key', second.open, second.run, memory, second.now)
    expect(tuned).toMatchObject({ tiles: 'registers', storage: 'f16' })
    expect(second.opened).toEqual([])
  })

  it('measures again where the memory holds nonsense or fails', async () => {
    const { open, run, now, opened } = bench({ shared: 1, registers: 2 })
    const broken: ProgramMemory = {
      recall: () => Promise.resolve('tensor cores'),
      remember: () => Promise.reject(new Error('full')),
    }
    expect((await tunePrograms(runtime, 'key', open, run, broken, now)).tiles).toBe('shared')
    expect(opened).toHaveLength(3)
  })

  it('takes others where a driver refuses some, and says why where it refuses all', async () => {
    const { open, run, now } = bench({ shared: 1, registers: 2 }, { shared: 3, registers: 4 })
    const refusing =
      (...refused: string[]) =>
      (on: PlanRuntime) =>
        refused.some(word => `${on.tiles} ${on.storage}`.includes(word))
          ? Promise.reject(new Error(`no ${on.tiles}`))
          : open(on)
    const choose = (...refused: string[]) =>
      tunePrograms(runtime, 'key', refusing(...refused), run, undefined, now)
    expect(await choose('shared')).toMatchObject({ tiles: 'registers', storage: 'f16' })
    expect(await choose('f16')).toMatchObject({ tiles: 'shared', storage: 'f32' })
    await expect(choose('shared', 'registers')).rejects.toThrow('no shared')
  })

  it('leaves a family that was asked for', async () => {
    const { open, run, now, opened } = bench({ shared: 1, registers: 2 })
    const asked = { ...runtime, tiles: 'registers' as const }
    expect(await tunePrograms(asked, 'key', open, run, undefined, now)).toBe(asked)
    expect(opened).toEqual([])
  })
})
