// The runs of this browser, newest first. One that cannot be read stands there with the reason, so that it can be deleted.
import { InputError } from '../../base/errors.ts'
import type { RunSummary } from '../trainProtocol.ts'
import { runIds } from './deleteRun.ts'
import type { FileStore, StoredFolder } from './fileStore.ts'
import { readContent, savedSteps, type RunContent } from './runContent.ts'
import { missingParts } from './runCases.ts'
import { isBeingWritten, withRunLock } from './runLock.ts'
import { readRecord, type RunRecord } from './runRecord.ts'

/** @throws InputError when the run is gone, damaged or of another version. */
export async function requireRun(
  store: FileStore,
  id: string,
): Promise<{ folder: StoredFolder; record: RunRecord; content: RunContent }> {
  const folder = store.folder(id)
  const record = await requireRecord(folder)
  const content = await readContent(folder)
  if (content) return { folder, record, content }
  throw new InputError(
    (await isBeingWritten(id, folder))
      ? 'This run is just being begun; look at it in a moment.'
      : 'This run was left before it was begun, so there is nothing of it.',
  )
}

async function requireRecord(folder: StoredFolder): Promise<RunRecord> {
  const record = await readRecord(folder)
  if (!record) throw new InputError('This run is no longer in this browser; another tab may have deleted it.')
  return record
}

async function bytesOf(folder: StoredFolder): Promise<number> {
  return (await folder.files()).reduce((sum, { bytes }) => sum + bytes, 0)
}

/** @throws InputError when the run is gone, damaged or of another version. */
export async function summarise(store: FileStore, id: string): Promise<RunSummary> {
  const folder = store.folder(id)
  const record = await requireRecord(folder)
  // Until its update is compiled a run has a record and nothing else.
  const content = await readContent(folder)
  return {
    ...{ id, title: record.title, kind: record.kind, createdAt: record.createdAt },
    ...{ steps: content?.steps ?? 0, data: content?.data ?? [], missingBoxes: content?.missingBoxes ?? null },
    savedSteps: await savedSteps(folder),
    isBeingWritten: await isBeingWritten(id, folder),
    bytes: await bytesOf(folder),
    missingVolumes: (await missingParts(record.parts, store)).length,
  }
}

/** Clears away a run that was left before it was begun: a crash, a cancelled start, a full disk. */
async function sweep(store: FileStore, id: string): Promise<void> {
  const folder = store.folder(id)
  if (!(await readRecord(folder)) || (await readContent(folder)) || (await isBeingWritten(id, folder))) return
  // Under its lock, and asked again: another tab may have come between.
  await withRunLock(id, folder, async () => {
    if (!(await readContent(folder))) await store.remove(id)
  })
}

async function unreadable(store: FileStore, id: string, error: unknown): Promise<RunSummary> {
  const problem = error instanceof Error ? error.message : String(error)
  return {
    ...{ id, title: 'A run that cannot be read', kind: 'pretrain', createdAt: '', steps: 0, savedSteps: 0 },
    ...{ isBeingWritten: false, data: [], missingVolumes: 0, missingBoxes: null, problem },
    bytes: await bytesOf(store.folder(id)),
  }
}

export async function listRuns(store: FileStore, nowMs = Date.now()): Promise<RunSummary[]> {
  const runs: RunSummary[] = []
  for (const id of await runIds(store, nowMs)) {
    await sweep(store, id).catch(() => undefined)
    // A folder that a tab is just making, or that somebody else has deleted meanwhile, is no run.
    if ((await store.folder(id).files()).length > 0)
      runs.push(await summarise(store, id).catch(error => unreadable(store, id, error)))
  }
  return runs.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
}
