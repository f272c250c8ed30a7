// Takes a run in: one that the page gave away, or a zipped folder of Node's command. It is judged whole first; then its
// files are written, the record that makes it a run last.
import { InputError } from '../../base/errors.ts'
import { readConfig } from '../../training/pretrain/runRecord.ts'
import { readJson, type RunStorage } from '../../training/run/storage.ts'
import type { FileStore } from './fileStore.ts'
import { readOnlyStorage, unpackRun } from './runArchive.ts'
import { requireWhole } from './runContent.ts'
import { newRunId, readRecord, recordFile, writeRecord, type DataPart, type RunRecord } from './runRecord.ts'

const defaultSaveEvery = 50

/**
 * Where the data of a run of Node's command comes from. It has no names of volumes, and knows them by content only when
 * it has seen all of them.
 */
async function partsOf(archive: RunStorage): Promise<DataPart[]> {
  const config = await readConfig(archive)
  const parts = (config?.data ?? []).map(label => {
    const split = /^phantom:(train|val|test)$/.exec(label)?.[1]
    if (!split)
      throw new InputError(
        `This run was begun in Node with ${label}, whose content its folder does not describe; continue it there. A run with phantoms, or one that the page exported, is expected.`,
      )
    return { kind: 'phantom', split: split as 'train' | 'val' | 'test' } as const
  })
  return parts
}

async function recordOf(archive: RunStorage, title: string): Promise<RunRecord> {
  const known = await readRecord(archive)
  if (known) return known
  const config = (await readJson(archive, 'config.json')) as { kind?: unknown }
  const kind = config.kind === 'finetune' ? 'finetune' : 'pretrain'
  const parts = kind === 'pretrain' ? await partsOf(archive) : []
  return { kind, title, createdAt: new Date().toISOString(), parts, saveEvery: defaultSaveEvery }
}

/**
 * @returns the id of the new run
 * @throws InputError for a file that is no run, a damaged one, one of another version, and when there is no room.
 */
export async function importRun(store: FileStore, bytes: Uint8Array): Promise<string> {
  const files = unpackRun(bytes)
  const archive = readOnlyStorage(files)
  await requireWhole(archive)
  const record = await recordOf(archive, 'Imported run')
  const id = newRunId()
  const folder = store.folder(id)
  try {
    for (const [name, content] of files) if (name !== recordFile) await folder.write(name, content)
    await writeRecord(folder, record)
  } catch (error) {
    await store.remove(id)
    throw error
  }
  return id
}
