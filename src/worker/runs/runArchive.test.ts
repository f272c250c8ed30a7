import { zipSync, strToU8, unzipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { writeFollowed } from '../../training/finetune/followed.ts'
import { writeHeldOutlines } from '../../training/finetune/heldOutlines.ts'
import { probeStateShapes } from '../../training/finetune/probeUpdates.ts'
import { finetunedModel, readFinetuneResult } from '../../training/finetune/result.ts'
import { readFinetuneConfig, recordOf, writeFinetuneConfig } from '../../training/finetune/runRecord.ts'
import { testCrops, testSettings } from '../../training/finetune/testSupport.ts'
import { writeCropSet } from '../../training/labelled/cropSetFile.ts'
import { saveState } from '../../training/run/checkpoint.ts'
import { flattenState } from '../../training/stepGraph.ts'
import type { RunKind } from '../trainProtocol.ts'
import type { FileStore } from './fileStore.ts'
import { importRun } from './importRun.ts'
import { listRuns } from './listRuns.ts'
import { packRun } from './runArchive.ts'
import { newRunId, writeRecord } from './runRecord.ts'
import { makeRun, newStore } from './testSupport.ts'

const pack = (store: FileStore, id: string, kind: RunKind = 'pretrain', isWithoutCases = false) =>
  packRun(store.folder(id), kind, isWithoutCases, () => undefined)

/** A saved fine-tuning with boxes, an outline and a followed scan; what it says of its cases is made up. */
async function makeFinetuning(store: FileStore): Promise<string> {
  const id = newRunId()
  const folder = store.folder(id)
  const tuned = testSettings({ method: 'probe' })
  const crops = testCrops([0, 1, 0, 1])
  const record = await recordOf(tuned, crops, true, { at: null, patient: null })
  await writeFinetuneConfig(folder, record, [{ fromStep: 0, environment: { device: 'a CPU' } }])
  await writeCropSet(folder, crops)
  await writeFollowed(folder, new Int16Array(16 ** 3), tuned)
  await writeHeldOutlines(folder, 0, [{ at: 0, bits: new Uint8Array(512) }])
  const shapes = flattenState(probeStateShapes(tuned, 4))
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      new Float32Array(shape.reduce((product, side) => product * side, 1)).fill(0.5),
    ]),
  )
  await saveState(folder, shapes, { step: 4, tensors })
  await folder.append('history.jsonl', '{"step":3}\n')
  await writeRecord(folder, { kind: 'finetune', title: 'Mine', createdAt: '', parts: [], saveEvery: 2 })
  return id
}

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
    const noticeOf = async (id: string, kind: RunKind) =>
      new TextDecoder().decode(unzipSync(await pack(store, id, kind))['NOTICE.txt'])
    expect(await noticeOf(await makeRun(store), 'pretrain')).toMatch(/holds no image[^]*npm run pretrain/)
    expect(await noticeOf(await makeFinetuning(store), 'finetune')).toMatch(
      /IT HOLDS IMAGES: a box of voxels[^]*the scan that was open[^]*npm run finetune/,
    )
  })

  test('can leave its cases out: what shows them is gone, result and model remain', async () => {
    const store = newStore()
    const id = await makeFinetuning(store)
    const whole = unzipSync(await pack(store, id, 'finetune'))
    const bytes = await pack(store, id, 'finetune', true)
    const bare = unzipSync(bytes)
    expect(
      Object.keys(whole)
        .filter(name => !(name in bare))
        .sort(),
    ).toEqual(['crops.safetensors', 'followed.safetensors', 'outlines-0.safetensors'])
    expect(new TextDecoder().decode(bare['NOTICE.txt'])).toMatch(
      /holds no image[^]*does not go on[^]*until the same labelled cases are given again/,
    )
    const other = newStore()
    const folder = other.folder(await importRun(other, bytes))
    // Its cases are asked for before it goes on, as of a run that never kept them.
    expect(await listRuns(other)).toMatchObject([
      { title: 'Mine', savedSteps: 4, missingBoxes: { shape: [20, 20, 20], spacingMm: [1, 1, 1] } },
    ])
    const own = store.folder(id)
    expect(await readFinetuneResult(folder)).toEqual(await readFinetuneResult(own))
    const naming = { name: 'mine' }
    expect(await finetunedModel(folder, naming)).toEqual(await finetunedModel(own, naming))
    // The run itself has lost nothing.
    expect(await readFinetuneConfig(own)).toMatchObject({ keepsCrops: true, followed: { at: null } })
    expect(await readFinetuneConfig(folder)).not.toHaveProperty('followed')
    await expect(pack(store, await makeRun(store), 'pretrain', true)).rejects.toThrow(
      /Only a fine-tuning|kind 'pretrain'/,
    )
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
