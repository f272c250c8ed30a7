import { describe, expect, it } from 'vitest'
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import type { LoadedModel } from './loadModel.ts'
import { makeOracle } from './testModel.ts'
import { tuneTiles, type TileMemory } from './tuneTiles.ts'

// No device is touched: what is tested is which family is chosen and what is kept.
const runtime: PlanRuntime = { kind: 'plan', device: undefined as unknown as GPUDevice, label: 'a GPU' }

/** A clock that each run advances by the milliseconds of the family that was opened. */
function bench(milliseconds: Record<'shared' | 'registers', number>) {
  let time = 0
  let current: 'shared' | 'registers' = 'shared'
  const opened: string[] = []
  let released = 0
  return {
    opened,
    released: () => released,
    now: () => time,
    open: ({ tiles }: PlanRuntime): Promise<LoadedModel> => {
      current = tiles!
      opened.push(tiles!)
      return Promise.resolve({ ...makeOracle(0), release: () => Promise.resolve(void released++) })
    },
    run: () => {
      time += milliseconds[current]
      return Promise.resolve()
    },
  }
}

function makeMemory(): TileMemory & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    recall: key => Promise.resolve(kept.get(key)),
    remember: (key, value) => Promise.resolve(void kept.set(key, value)),
  }
}

describe('choosing the family of programs', () => {
  it.each([
    ['shared', { shared: 3, registers: 5 }],
    ['registers', { shared: 5, registers: 3 }],
  ] as const)('takes %s where those are faster, and frees both models', async (wanted, milliseconds) => {
    const { open, run, now, opened, released } = bench(milliseconds)
    expect((await tuneTiles(runtime, 'key', open, run, undefined, now)).tiles).toBe(wanted)
    expect(opened).toEqual(['shared', 'registers'])
    expect(released()).toBe(2)
  })

  it('measures once for an adapter and model', async () => {
    const memory = makeMemory()
    const first = bench({ shared: 5, registers: 3 })
    await tuneTiles(runtime, 'key', first.open, first.run, memory, first.now)
    expect(memory.kept).toEqual(new Map([['key', 'registers']]))
    const second = bench({ shared: 5, registers: 3 })
    const tuned = await tuneTiles(runtime, 'key', second.open, second.run, memory, second.now)
    expect(tuned.tiles).toBe('registers')
    expect(second.opened).toEqual([])
  })

  it('measures again where the memory holds nonsense or fails', async () => {
    const { open, run, now, opened } = bench({ shared: 1, registers: 2 })
    const broken: TileMemory = {
      recall: () => Promise.resolve('tensor cores'),
      remember: () => Promise.reject(new Error('full')),
    }
    expect((await tuneTiles(runtime, 'key', open, run, broken, now)).tiles).toBe('shared')
    expect(opened).toHaveLength(2)
  })

  it('takes the other family where a driver refuses one, and says why where it refuses both', async () => {
    const { open, run, now } = bench({ shared: 1, registers: 2 })
    const refusing = (refused: readonly string[]) => (on: PlanRuntime) =>
      refused.includes(on.tiles!) ? Promise.reject(new Error(`no ${on.tiles}`)) : open(on)
    const tuned = await tuneTiles(runtime, 'key', refusing(['shared']), run, undefined, now)
    expect(tuned.tiles).toBe('registers')
    const both = tuneTiles(runtime, 'key', refusing(['shared', 'registers']), run, undefined, now)
    await expect(both).rejects.toThrow('no shared')
  })

  it('leaves a family that was asked for', async () => {
    const { open, run, now, opened } = bench({ shared: 1, registers: 2 })
    const asked = { ...runtime, tiles: 'registers' as const }
    expect(await tuneTiles(asked, 'key', open, run, undefined, now)).toBe(asked)
    expect(opened).toEqual([])
  })
})
