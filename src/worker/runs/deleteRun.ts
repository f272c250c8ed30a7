// A deleted run is marked so on the disk and gone from every list at once, whatever becomes of the page. Its files go when
// it can no longer be taken back: by the page that deleted it, or by the next reading of the list.
import { InputError } from '../../base/errors.ts'
import { readJson, writeJson, type RunStorage } from '../../training/run/storage.ts'
import { takeBackMs } from '../trainProtocol.ts'
import type { FileStore } from './fileStore.ts'
import { deleteKeptVolume } from './keptVolumes.ts'
import { withRunLock } from './runLock.ts'
import { isRunId, readRecord, type RunRecord } from './runRecord.ts'

const markFile = 'deleted.json'

/** When it was deleted (ms since 1970); undefined for a run that is not. A mark that cannot be read counts as an old one. */
async function deletedAt(folder: RunStorage): Promise<number | undefined> {
  const mark = (await readJson(folder, markFile).catch(() => ({}))) as { atMs?: number } | undefined
  return mark && (mark.atMs ?? 0)
}

/** @throws InputError when another tab writes the run. */
export function markDeleted(store: FileStore, id: string): Promise<void> {
  const folder = store.folder(id)
  return withRunLock(id, folder, () => writeJson(folder, markFile, { atMs: Date.now() }))
}

/** @throws InputError when the run is gone. */
export async function takeBack(store: FileStore, id: string): Promise<void> {
  const folder = store.folder(id)
  if ((await deletedAt(folder)) === undefined)
    throw new InputError('This run can no longer be taken back: its files are gone from this browser.')
  await withRunLock(id, folder, () => folder.remove(markFile))
}

/** Records of the runs that can be read, deleted ones too while their files are there. */
async function listRecords(store: FileStore): Promise<RunRecord[]> {
  const ids = (await store.folders()).filter(isRunId)
  const records = await Promise.all(ids.map(id => readRecord(store.folder(id)).catch(() => undefined)))
  return records.flatMap(record => (record ? [record] : []))
}

/** Removes a run, and the copies of volumes that no other run needs. @throws InputError when another tab writes it. */
export async function destroyRun(store: FileStore, id: string): Promise<void> {
  const folder = store.folder(id)
  // A damaged record must not keep its run from being deleted.
  const record = await readRecord(folder).catch(() => undefined)
  await withRunLock(id, folder, () => store.remove(id))
  const others = await listRecords(store)
  const needed = new Set(
    others.flatMap(({ parts }) => parts.flatMap(part => ('identity' in part ? [part.identity] : []))),
  )
  for (const part of record?.parts ?? [])
    if (part.kind === 'volume' && !needed.has(part.identity)) await deleteKeptVolume(store, part.identity)
}

/** The runs of this browser that are not deleted; those that can no longer be taken back are removed. */
export async function runIds(store: FileStore, nowMs = Date.now()): Promise<string[]> {
  const ids: string[] = []
  for (const id of (await store.folders()).filter(isRunId)) {
    const at = await deletedAt(store.folder(id))
    if (at === undefined) ids.push(id)
    // Where another tab is doing the same, it does it.
    else if (nowMs - at > takeBackMs) await destroyRun(store, id).catch(() => undefined)
  }
  return ids
}
