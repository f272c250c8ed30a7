import { strToU8 } from 'fflate'
import { describe, expect, test } from 'vitest'
import { testVolume, microRecipe } from '../../training/pretrain/testSupport.ts'
import { volumeIdentity } from '../../training/pretrain/cases.ts'
import { destroyRun, markDeleted, takeBack } from './deleteRun.ts'
import type { FileStore } from './fileStore.ts'
import { keepVolume, readKept } from './keptVolumes.ts'
import { listRuns } from './listRuns.ts'
import { findCases, gatherCases, type CaseOptions } from './runCases.ts'
import { withRunLock } from './runLock.ts'
import { newRunId, readRecord, writeRecord } from './runRecord.ts'
import { makeRun, newStore } from './testSupport.ts'

describe('the list of runs', () => {
  test('shows a damaged run with its reason', async () => {
    const store = newStore()
    const id = await makeRun(store)
    await store.folder(id).write('config.json', strToU8('{'))
    expect(await listRuns(store)).toMatchObject([{ id, problem: expect.stringMatching(/not JSON/) }])
  })

  test('shows a run that is just being begun by its name, and clears away one that was left then', async () => {
    const store = newStore()
    const id = newRunId()
    const folder = store.folder(id)
    await writeRecord(folder, { kind: 'finetune', title: 'New', createdAt: '', parts: [], saveEvery: 1 })
    await withRunLock(id, folder, async () => {
      const [run] = await listRuns(store)
      expect(run).toMatchObject({ title: 'New', kind: 'finetune', isBeingWritten: true })
      expect(run.problem).toBeUndefined()
    })
    expect(await listRuns(store)).toEqual([])
    expect(await store.folders()).toEqual([])
  })

  test('a run is written by one at a time', async () => {
    const store = newStore()
    const id = await makeRun(store)
    await withRunLock(id, store.folder(id), async () => {
      expect(await listRuns(store)).toMatchObject([{ isBeingWritten: true }])
      const second = withRunLock(id, store.folder(id), () => Promise.resolve())
      await expect(second).rejects.toThrow(/Another tab is writing this run/)
    })
    expect(await listRuns(store)).toMatchObject([{ isBeingWritten: false }])
  })
})

describe('a deleted run', () => {
  test('is in no list from then on, and can be taken back', async () => {
    const store = newStore()
    const id = await makeRun(store)
    await markDeleted(store, id)
    expect(await listRuns(store)).toEqual([])
    expect(await store.folders()).toEqual([id])
    await takeBack(store, id)
    expect(await listRuns(store)).toMatchObject([{ id, steps: 3, savedSteps: 2 }])
  })

  test('leaves nothing once nobody can take it back, although its page was closed before', async () => {
    const store = newStore()
    const id = await makeRun(store)
    const volume = testVolume(1)
    const identity = await volumeIdentity(volume)
    await keepVolume(store, identity, volume)
    const record = (await readRecord(store.folder(id)))!
    const { shape, spacingMm } = volume
    const part = { kind: 'volume', identity, shape, spacingMm, synthetic: false } as const
    await writeRecord(store.folder(id), { ...record, parts: [part] })
    await markDeleted(store, id)
    expect(await readKept(store, identity)).toBeDefined()
    expect(await listRuns(store, Date.now() + 11_000)).toEqual([])
    expect(await store.folder(id).files()).toEqual([])
    expect(await readKept(store, identity)).toBeUndefined()
    await expect(takeBack(store, id)).rejects.toThrow(/can no longer be taken back/)
  })

  test('stays where another tab writes it', async () => {
    const store = newStore()
    const id = await makeRun(store)
    await withRunLock(id, store.folder(id), async () => {
      await expect(markDeleted(store, id)).rejects.toThrow(/Another tab is writing this run/)
      await expect(destroyRun(store, id)).rejects.toThrow(/Another tab is writing this run/)
    })
    expect(await listRuns(store)).toMatchObject([{ id }])
  })
})

describe('the volumes of a run', () => {
  const extent = { shape: microRecipe.cropShape, spacingMm: microRecipe.spacingMm }
  const optionsIn = (store: FileStore, notices: string[] = []): CaseOptions => ({
    ...{ extent, store, signal: new AbortController().signal, onProgress: () => undefined },
    onNotice: notice => notices.push(notice),
  })
  const given = (seed: number) => ({ kind: 'volume', volume: testVolume(seed), synthetic: true }) as const

  test('a kept copy is the volume, bit for bit, and nothing else of it', async () => {
    const store = newStore()
    const volume = testVolume(1)
    const identity = await volumeIdentity(volume)
    await keepVolume(store, identity, volume)
    expect(await readKept(store, identity)).toEqual(volume)
    expect(await readKept(store, 'sha256:other')).toBeUndefined()
  })

  test('are found again in their copies, whatever is given', async () => {
    const store = newStore()
    const { parts } = await gatherCases([given(1), given(2)], true, optionsIn(store))
    const source = await findCases(parts, [], optionsIn(store))
    expect(source.count).toBe(2)
    expect((await source.open(1)).identity).toBe(await volumeIdentity(testVolume(2)))
  })

  test('are recognised by content in any order; a stranger and what is missing are named', async () => {
    const store = newStore()
    const notices: string[] = []
    const { parts } = await gatherCases([given(1), given(2), given(1)], false, optionsIn(store, notices))
    expect(parts).toHaveLength(2)
    expect(notices).toEqual(['The open scan was chosen twice; it is counted once.'])
    const source = await findCases(parts, [given(2), given(1)], optionsIn(store))
    expect((await source.open(0)).identity).toBe(await volumeIdentity(testVolume(1)))
    await expect(findCases(parts, [given(2), given(3)], optionsIn(store))).rejects.toThrow(
      /a volume of which this browser keeps no copy: 40 × 40 × 40 voxels of 1 × 1 × 1 mm\. The open scan is not one of them/,
    )
  })
})
