// A fine-tuning run in the run library: judged by what it said of cases that it had not seen, and made a model of its own.
import { readCropSet } from '../training/labelled/cropSetFile.ts'
import type { CropSet } from '../training/labelled/cropSet.ts'
import { fewShotKey } from '../training/finetune/fewShot.ts'
import { readHeldOutlines } from '../training/finetune/heldOutlines.ts'
import { finetuneReport } from '../training/finetune/report.ts'
import { finetunedModel, readFinetuneResult, type FinetuneResult } from '../training/finetune/result.ts'
import { readFinetuneConfig } from '../training/finetune/runRecord.ts'
import type { FinetuneSettings } from '../training/finetune/settings.ts'
import { reportMarkdown } from '../training/validation/reportTables.ts'
import type { DicePair, FinetuneRunTasks } from './finetuneProtocol.ts'
import { runIds } from './runs/deleteRun.ts'
import { openStore, type FileStore } from './runs/fileStore.ts'
import type { Handlers } from './serveTasks.ts'

function pairsOf({ segmented }: FinetuneResult): DicePair[] {
  return segmented.map(({ at, after, before }) => ({ at, after: after.dice, before: before?.dice ?? null }))
}

function foldsOf({ validation }: FinetuneSettings): number {
  return validation.kind === 'folds' ? validation.folds : 1
}

function voxelsOf(crops: CropSet | undefined): Transferable[] {
  return [crops?.hu.buffer, crops?.masks?.buffer].flatMap(buffer => buffer ?? [])
}

/** Finished runs of the library that differ from this one in the share of the labels alone, one of each share. */
async function otherShares(store: FileStore, id: string, own: FinetuneResult): Promise<FinetuneResult[]> {
  const byShare = new Map<number, FinetuneResult>()
  for (const other of (await runIds(store)).filter(name => name !== id)) {
    const storage = store.folder(other)
    // What cannot be read is said where it is listed.
    const config = await readFinetuneConfig(storage).catch(() => undefined)
    if (!config || config.settings.labelShare === own.settings.labelShare) continue
    if (fewShotKey(config) !== own.fewShotKey) continue
    const result = await readFinetuneResult(storage).catch(() => undefined)
    if (result?.isFinished) byShare.set(config.settings.labelShare, result)
  }
  return [...byShare.values()]
}

export const finetuneRunHandlers: Handlers<FinetuneRunTasks> = {
  async judgeFinetuned({ id }, { report }) {
    report({ stage: 'Judging what it said of cases that it had not seen', done: 0, total: 1 })
    const store = await openStore()
    const storage = store.folder(id)
    const result = await readFinetuneResult(storage)
    const crops = await readCropSet(storage)
    const outlines = await readHeldOutlines(storage, foldsOf(result.settings))
    const { manifest } = await finetunedModel(storage, { name: 'run' })
    const judged = {
      report: finetuneReport(result, 'the trained model', await otherShares(store, id, result)),
      pairs: pairsOf(result),
      settings: result.settings,
      isFinished: result.isFinished,
      crops: crops ?? null,
      outlines,
      identities: result.identities,
      weights: manifest.weights.sha256,
    }
    const transfer = [...voxelsOf(crops), ...outlines.map(({ bits }) => bits.buffer)]
    return { result: judged, transfer }
  },

  async runCrops({ id }) {
    const storage = (await openStore()).folder(id)
    const crops = await readCropSet(storage)
    if (!crops) return { result: null }
    const { settings } = await readFinetuneResult(storage)
    return { result: { crops, shape: settings.entry.shape }, transfer: voxelsOf(crops) }
  },

  async finetunedModel({ id, name, version, report }) {
    const storage = (await openStore()).folder(id)
    const { manifest, weights } = await finetunedModel(storage, { name, version, title: name })
    const bytes = Uint8Array.from(weights)
    return {
      result: { manifest, weights: bytes, figures: [reportMarkdown(report)] },
      transfer: [bytes.buffer],
    }
  },
}
