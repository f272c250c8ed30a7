import { zipSync, strToU8, unzipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { saveState } from '../../training/run/checkpoint.ts'
import { microOptions, microRecipe, testVolume } from '../../training/pretrain/testSupport.ts'
import { writeConfig, type PretrainSettings } from '../../training/pretrain/runRecord.ts'
import { volumeIdentity } from '../../training/pretrain/cases.ts'
import { memoryFolder } from '../opfs.ts'
import { storeIn, type FileStore } from './fileStore.ts'
import { destroyRun, markDeleted, takeBack } from './deleteRun.ts'
import { importRun } from './importRun.ts'
import { keepVolume, readKept } from './keptVolumes.ts'
import { listRuns } from './listRuns.ts'
import { packRun } from './runArchive.ts'
import { findCases, gatherCases, type CaseOptions } from './runCases.ts'
import { withRunLock } from './runLock.ts'
import { newRunId, readRecord, writeRecord } from './runRecord.ts'

const settings: PretrainSettings = {
  ...{ preset: 'tiny', recipe: microRecipe, options: microOptions(), caseCount: 200, memoryBytes: 1e8 },
  plan: { lanes: 1, cropsPerCase: 8, bankSize: 4, usesPerCrop: 2 },
  data: ['phantom:train'],
}

/** A run that was saved after two of its three updates. */
async function makeRun(store: FileStore): Promise<string> {
  const id = newRunId()
  const folder = store.folder(id)
  await writeConfig(folder, settings, [{ fromStep: 0, environment: { device: 'a CPU' } }])
  await saveState(folder, { 'sum.of': [2] }, { step: 2, tensors: { 'sum.of': Float32Array.of(1, 2) } })
  await folder.append('history.jsonl', '{"step":0}\n')
  await folder.append('history.jsonl', '{"step":1}\n')
  const head = { kind: 'pretrain', title: 'First', createdAt: '2026-01-02T03:04:05.000Z' } as const
  await writeRecord(folder, { ...head, parts: [{ kind: 'phantom', split: 'train' }], saveEvery: 2 })
  return id
}

const newStore = () => storeIn(memoryFolder(), 'files')
const pack = async (store: FileStore, id: string) => packRun(store.folder(id), 'pretrain', () => undefined)

describe('a run as one file', () => {
  test('is taken in as the run that it was, and says what it must not be used for', async () => {
    const store = newStore()
    const bytes = await pack(store, await makeRun(store))
    expect(new TextDecoder().decode(unzipSync(bytes)['NOTICE.txt'])).toMatch(/not for clinical use/)
    const other = newStore()
    const id = await importRun(other, bytes)
    expect(await listRuns(other)).toMatchObject([
      { id, title: 'First', steps: 3, savedSteps: 2, data: ['phantom:train'], missingVolumes: 0 },
    ])
    expect(await other.folder(id).read('history.jsonl')).toEqual(strToU8('{"step":0}\n{"step":1}\n'))
  })

  test('may be a zipped folder of the command line', async () => {
    const store = newStore()
    const files = unzipSync(await pack(store, await makeRun(store)))
    delete files['run.json']
    const beside = { 'model/model.json': strToU8('{}'), '.DS_Store': strToU8('x') }
    const zipped = zipSync({
      ...Object.fromEntries(
        Object.entries({ ...files, ...beside }).map(([name, file]) => [`a/${name}`, file]),
      ),
      '__MACOSX/a/._config.json': strToU8('x'),
    })
    const other = newStore()
    await importRun(other, zipped)
    const [run] = await listRuns(other)
    expect(run).toMatchObject({ title: 'Imported run', savedSteps: 2 })
    // What the command writes beside a run, and a file manager's own files, are not of it.
    expect((await other.folder(run.id).files()).map(({ name }) => name)).not.toContain('model.json')
  })

  test('says whether it holds images of cases, and how it goes on in Node', async () => {
    const store = newStore()
    const folder = store.folder(await makeRun(store))
    const noticeOf = async (kind: 'pretrain' | 'finetune') =>
      new TextDecoder().decode(unzipSync(await packRun(folder, kind, () => undefined))['NOTICE.txt'])
    expect(await noticeOf('pretrain')).toMatch(/holds no image[^]*npm run pretrain/)
    await folder.write('crops.safetensors', new Uint8Array(8))
    expect(await noticeOf('finetune')).toMatch(/IT HOLDS IMAGES[^]*npm run finetune/)
  })

  test('is refused in a sentence when it is damaged, of another version, or something else', async () => {
    const store = newStore()
    const bytes = await pack(store, await makeRun(store))
    const files = unzipSync(bytes)
    const from = (changes: Record<string, Uint8Array>) =>
      importRun(newStore(), zipSync({ ...files, ...changes }))
    await expect(importRun(newStore(), strToU8('not a zip'))).rejects.toThrow(/no zip, or it is damaged/)
    await expect(importRun(newStore(), zipSync({ 'a.txt': strToU8('a') }))).rejects.toThrow(/no config\.json/)
    await expect(from({ '../a.json': strToU8('{}') })).rejects.toThrow(/which belongs to no run/)
    const config = JSON.parse(new TextDecoder().decode(files['config.json'])) as object
    const later = strToU8(JSON.stringify({ ...config, schemaVersion: 9 }))
    await expect(from({ 'config.json': later })).rejects.toThrow(/schema version 9/)
    await expect(from({ 'checkpoint-0000002.safetensors': new Uint8Array(9) })).rejects.toThrow()
  })
})

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
