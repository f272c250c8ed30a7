// The result of a fine-tuning run: judged once it has ended, taken away as files, kept as a model of its own.
import { researchNotice } from '../prediction/pipelineVersion.ts'
import type { JudgedRun } from '../worker/finetuneProtocol.ts'
import type { HeldCrops } from '../worker/heldTraining.ts'
import type { ModelSource } from '../worker/labProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import { keepModel, type KeptModel } from './keepModel.ts'
import { reportCsv } from './reportRows.ts'
import type { Services, SliceOf, Workbench } from './store.ts'

export type ReportState = Job<
  { readonly runId: string; readonly keepsCrops: boolean } & Omit<JudgedRun, 'crops' | 'outlines'>
>

export interface FinetuneResultSlice {
  readonly finetuneReport: ReportState
  /** Index into the crop set of the case that is looked at. */
  readonly lookedAtCrop: number | null
  /** Raised when the boxes of another run are held. */
  readonly cropsSerial: number
  readonly keptModel: KeptModel
  /** What predicted before the kept model was used. */
  readonly modelBefore: ModelSource | null
  judgeRun(runId: string): Promise<void>
  /** The boxes of a run that the page did not cut itself. */
  loadRunCrops(runId: string): Promise<void>
  saveFinetuneReport(format: 'json' | 'csv'): void
  keepAsModel(name: string, version: string): Promise<void>
  useKeptModel(): void
  backToStartModel(): void
}

/** Boxes that the page cut itself may be those of another run. */
function areOfRun(held: HeldCrops | undefined, { identities }: JudgedRun): boolean {
  return String(held?.crops.cases.map(({ identity }) => identity)) === String(identities)
}

type Set = (part: Partial<Workbench>) => void

export const createFinetuneResultSlice: SliceOf<FinetuneResultSlice> = services => (set, get) => {
  const { workers, held } = services
  let asked = 0
  return {
    finetuneReport: { kind: 'none' },
    lookedAtCrop: null,
    cropsSerial: 0,
    keptModel: { kind: 'none' },
    modelBefore: null,

    async judgeRun(runId) {
      const question = ++asked
      const onProgress = (progress: StageProgress) => set({ finetuneReport: { kind: 'running', progress } })
      onProgress({ stage: 'Judging what the model said of cases that it had not seen', done: 0, total: 1 })
      set({ lookedAtCrop: null, worstCase: { kind: 'none' }, keptModel: { kind: 'none' } })
      try {
        const judged = await workers.library.run('judgeFinetuned', { id: runId }, { onProgress })
        if (question !== asked) return
        const { crops, outlines, ...rest } = judged
        held.training.holdOutlines(runId, outlines)
        const { shape } = judged.settings.entry
        if (crops) held.training.crops = { crops, shape, runId }
        else if (!areOfRun(held.training.crops, judged)) held.training.crops = undefined
        set({ finetuneReport: { kind: 'done', runId, keepsCrops: crops !== null, ...rest } })
      } catch (error) {
        if (question !== asked) return
        const failure = toFailure(error, 'Judging the run')
        set({ finetuneReport: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    async loadRunCrops(runId) {
      if (held.training.crops?.runId === runId) return
      // A run that does not keep its boxes goes on without pictures.
      const kept = await workers.library.run('runCrops', { id: runId }).catch(() => null)
      if (kept) held.training.crops = { ...kept, runId }
      set({ cropsSerial: get().cropsSerial + 1 })
    },

    saveFinetuneReport(format) {
      const { finetuneReport } = get()
      if (finetuneReport.kind !== 'done') return
      const { report, settings, weights } = finetuneReport
      if (format === 'csv') {
        const text = reportCsv(report, [researchNotice, `Weights: ${weights}`])
        return services.saveFile('validation.csv', new Blob([text], { type: 'text/csv' }))
      }
      const content = { weights, settings, ...report }
      const text = JSON.stringify(content, null, 1)
      services.saveFile('validation.json', new Blob([text], { type: 'application/json' }))
    },

    ...createKeeping(services, set, get),
  }
}

type Keeping = Pick<FinetuneResultSlice, 'keepAsModel' | 'useKeptModel' | 'backToStartModel'>

function createKeeping({ workers }: Services, set: Set, get: () => Workbench): Keeping {
  return {
    async keepAsModel(name, version) {
      const { finetuneReport, keptModel } = get()
      if (finetuneReport.kind !== 'done' || keptModel.kind === 'running') return
      const { runId: id, report } = finetuneReport
      await keepModel(
        get,
        () => workers.library.run('finetunedModel', { id, name, version, report }),
        kept => set({ keptModel: kept }),
      )
    },

    useKeptModel() {
      const { keptModel, chosenModel } = get()
      if (keptModel.kind !== 'done') return
      set({ modelBefore: chosenModel })
      void get().useModel(keptModel.entry.source)
    },

    backToStartModel() {
      const { modelBefore } = get()
      void (modelBefore ? get().useModel(modelBefore) : get().backToShipped())
    },
  }
}
