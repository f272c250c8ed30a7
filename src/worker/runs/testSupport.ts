// For tests: runs as they lie in the library.
import { saveState } from '../../training/run/checkpoint.ts'
import { microOptions, microRecipe } from '../../training/pretrain/testSupport.ts'
import { writeConfig, type PretrainSettings } from '../../training/pretrain/runRecord.ts'
import { memoryFolder } from '../opfs.ts'
import { storeIn, type FileStore } from './fileStore.ts'
import { newRunId, writeRecord } from './runRecord.ts'

const settings: PretrainSettings = {
  ...{ preset: 'tiny', recipe: microRecipe, options: microOptions(), caseCount: 200, memoryBytes: 1e8 },
  plan: { lanes: 1, cropsPerCase: 8, bankSize: 4, usesPerCrop: 2 },
  data: ['phantom:train'],
}

/** A run that was saved after two of its three updates. */
export async function makeRun(store: FileStore): Promise<string> {
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

export const newStore = () => storeIn(memoryFolder(), 'files')
