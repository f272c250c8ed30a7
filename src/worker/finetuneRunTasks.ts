// A fine-tuning run in the run library: judged by what it said of cases that it had not seen, and made a model of its own.
import { readCropSet } from '../training/labelled/cropSetFile.ts'
import type { CropSet } from '../training/labelled/cropSet.ts'
import { finetunedModel, readFinetuneResult, type FinetuneResult } from '../training/finetune/result.ts'
import type { FinetuneSettings } from '../training/finetune/settings.ts'
import { judgeClasses } from '../training/validation/judgeClasses.ts'
import { judgeMasks } from '../training/validation/judgeMasks.ts'
import type { Compared, ValidationReport } from '../training/validation/report.ts'
import { reportMarkdown } from '../training/validation/reportTables.ts'
import type { DicePair, FinetuneRunTasks } from './finetuneProtocol.ts'
import { openStore } from './runs/fileStore.ts'
import type { Handlers } from './serveTasks.ts'

function howOf({ validation, labelShare }: FinetuneSettings): string {
  const share = labelShare < 1 ? `, ${100 * labelShare} % of the training labels` : ''
  if (validation.kind === 'folds') return `${validation.folds} folds by patient${share}`
  return `${Math.round(100 * validation.test)} % of the patients kept apart and judged once${share}`
}

function comparedOf({ settings }: FinetuneResult, crops: CropSet | undefined): Compared {
  const { start, task } = settings
  const cases = crops?.cases ?? []
  const isSynthetic = cases.some(({ synthetic }) => synthetic)
  const patients = new Set(cases.map(({ patient }) => patient)).size
  return {
    after: 'the trained model',
    before: start === 'scratch' ? null : `${start.name} ${start.version}`,
    data: `${cases.length} ${isSynthetic ? 'synthetic ' : ''}${task === 'respond' ? 'lesions' : 'nodules'} of ${patients} patients`,
    synthetic: isSynthetic,
    how: howOf(settings),
  }
}

function judge(result: FinetuneResult, crops: CropSet | undefined): ValidationReport {
  const compared = comparedOf(result, crops)
  return result.settings.task === 'segment'
    ? judgeMasks(result.segmented, { compared })
    : judgeClasses(result.classified, { compared, classes: result.classes })
}

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
      report: judge(result, crops),
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
    const { manifest, weights } = await finetunedModel(storage, { name, version })
    const bytes = Uint8Array.from(weights)
    return {
      result: { manifest, weights: bytes, figures: [reportMarkdown(report)] },
      transfer: [bytes.buffer],
    }
  },
}
