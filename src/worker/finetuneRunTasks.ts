// A fine-tuning run in the run library: judged by what it said of cases that it had not seen, and made a model of its own.
import { readCropSet } from '../training/labelled/cropSetFile.ts'
import type { CropSet } from '../training/labelled/cropSet.ts'
import { finetuneReport } from '../training/finetune/report.ts'
import { finetunedModel, readFinetuneResult, type FinetuneResult } from '../training/finetune/result.ts'
import { reportMarkdown } from '../training/validation/reportTables.ts'
import type { DicePair, FinetuneRunTasks } from './finetuneProtocol.ts'
import { openStore } from './runs/fileStore.ts'
import type { Handlers } from './serveTasks.ts'

function pairsOf({ segmented }: FinetuneResult): DicePair[] {
  return segmented.map(({ at, after, before }) => ({ at, after: after.dice, before: before?.dice ?? null }))
}

function voxelsOf(crops: CropSet | undefined): Transferable[] {
  return [crops?.hu.buffer, crops?.masks?.buffer].flatMap(buffer => buffer ?? [])
}

export const finetuneRunHandlers: Handlers<FinetuneRunTasks> = {
  async judgeFinetuned({ id }, { report }) {
    report({ stage: 'Judging what it said of cases that it had not seen', done: 0, total: 1 })
    const storage = (await openStore()).folder(id)
    const result = await readFinetuneResult(storage)
    const crops = await readCropSet(storage)
    const { manifest } = await finetunedModel(storage, { name: 'run' })
    const judged = {
      report: finetuneReport(result, 'the trained model'),
      pairs: pairsOf(result),
      settings: result.settings,
      isFinished: result.isFinished,
      crops: crops ?? null,
      weights: manifest.weights.sha256,
    }
    return { result: judged, transfer: voxelsOf(crops) }
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
