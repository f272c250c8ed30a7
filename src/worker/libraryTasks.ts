// What the run library can do with the runs of this browser.
import { InputError } from '../base/errors.ts'
import { pretrainedModel } from '../training/pretrain/pretrainedModel.ts'
import { curveSvg, smoothingFor } from '../training/run/curveSvg.ts'
import { readHistory } from '../training/run/history.ts'
import { historyCsv } from '../training/run/historyCsv.ts'
import { finetuneRunHandlers } from './finetuneRunTasks.ts'
import { curvesOf } from './runCurves.ts'
import { figuresOf } from './runFigures.ts'
import { destroyRun, markDeleted, takeBack } from './runs/deleteRun.ts'
import { importRun } from './runs/importRun.ts'
import { keptFolder } from './runs/keptVolumes.ts'
import { listRuns, requireRun, summarise } from './runs/listRuns.ts'
import { openStore } from './runs/fileStore.ts'
import { packRun } from './runs/runArchive.ts'
import { savedSteps } from './runs/runContent.ts'
import { readRecord, writeRecord } from './runs/runRecord.ts'
import type { Handlers } from './serveTasks.ts'
import type { LibraryTasks, RunRow } from './trainProtocol.ts'

/** A title as part of a file's name. */
function fileStem(title: string): string {
  return (
    title
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'run'
  )
}

/** For a model's card: the last update that is in its weights. */
function lossFigures(rows: readonly RunRow[], saved: number): string[] {
  const last = rows.findLast(({ step }) => step < saved)
  if (!last) return []
  const lines = figuresOf('pretrain', last).map(({ name, value }) => `- ${name}: ${value}`)
  return [
    `At update ${last.step + 1}, on the crops that it learnt from; nothing was measured on unseen scans:\n\n${lines.join('\n')}`,
  ]
}

export const libraryHandlers: Handlers<LibraryTasks> = {
  ...finetuneRunHandlers,

  async listRuns() {
    return { result: await listRuns(await openStore()) }
  },

  async readRun({ id }) {
    const store = await openStore()
    const { folder, content } = await requireRun(store, id)
    const rows = await readHistory(folder)
    const sessions = content.sessions.map(({ fromStep, environment }) => ({
      ...{ fromStep, label: String(environment.device ?? 'unknown') },
    }))
    return { result: { summary: await summarise(store, id), facts: content.facts, rows, sessions } }
  },

  async readRunFile({ id, name }) {
    const bytes = await (await openStore()).folder(id).read(name)
    if (!bytes) return { result: null }
    return { result: bytes as Uint8Array<ArrayBuffer>, transfer: [bytes.buffer as ArrayBuffer] }
  },

  async renameRun({ id, title }) {
    const folder = (await openStore()).folder(id)
    const record = await readRecord(folder)
    if (!record) throw new InputError('This run is no longer in this browser.')
    const trimmed = title.trim().slice(0, 200)
    if (trimmed === '') throw new InputError('The name is empty; at least one letter is expected.')
    await writeRecord(folder, { ...record, title: trimmed })
    return { result: null }
  },

  async deleteRun({ id }) {
    await markDeleted(await openStore(), id)
    return { result: null }
  },

  async takeBackRun({ id }) {
    await takeBack(await openStore(), id)
    return { result: null }
  },

  async destroyRun({ id }) {
    await destroyRun(await openStore(), id)
    return { result: null }
  },

  async exportRun({ id, isWithoutCases }, { report }) {
    const store = await openStore()
    const { folder, record } = await requireRun(store, id)
    const onFile = (done: number, total: number) => report({ stage: 'Packing the run', done, total })
    const bytes = await packRun(folder, record.kind, isWithoutCases, onFile)
    return { result: { fileName: `${fileStem(record.title)}.run.zip`, bytes }, transfer: [bytes.buffer] }
  },

  async importRun({ file }, { report }) {
    report({ stage: 'Reading the run', done: 0, total: 1 })
    const id = await importRun(await openStore(), new Uint8Array(await file.arrayBuffer()))
    return { result: { id } }
  },

  async drawRun({ id, format }) {
    const { folder, record, content } = await requireRun(await openStore(), id)
    const rows = await readHistory(folder)
    if (rows.length === 0) throw new InputError('This run has made no update yet, so it has no curves.')
    const fileName = `${fileStem(record.title)}.${format}`
    if (format === 'csv') return { result: { fileName, text: historyCsv(rows, content.headline) } }
    const options = { title: content.headline, xLabel: 'updates', smoothing: smoothingFor(rows.length) }
    return { result: { fileName, text: curveSvg(curvesOf(content.kind, rows), options) } }
  },

  async storageState() {
    const store = await openStore()
    const { usage = null, quota = null } = (await navigator.storage?.estimate?.()) ?? {}
    const kept = await store.folder(keptFolder).files()
    const runs = await listRuns(store)
    return {
      result: {
        place: store.place,
        usedBytes: usage,
        quotaBytes: quota,
        isPersistent: (await navigator.storage?.persisted?.()) ?? false,
        runsBytes: runs.reduce((sum, { bytes }) => sum + bytes, 0),
        kept: { volumes: kept.length, bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0) },
      },
    }
  },

  async pretrainedModel({ id, name, version }) {
    const { folder } = await requireRun(await openStore(), id)
    const { manifest, weights } = await pretrainedModel(folder, { name, version, title: name })
    const figures = lossFigures(await readHistory(folder), await savedSteps(folder))
    return { result: { manifest, weights, figures }, transfer: [weights.buffer] }
  },

  async deleteKept() {
    await (await openStore()).remove(keptFolder)
    return { result: null }
  },
}
