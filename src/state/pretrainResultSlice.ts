// What a pretraining run has learnt: kept as a model, looked into in the lab, taken as a start for fine-tuning, taken back.
import { sourceKey } from '../worker/sourceKey.ts'
import type { RunSummary } from '../worker/trainProtocol.ts'
import { keepModel, type KeptModel } from './keepModel.ts'
import type { SliceOf, Workbench } from './store.ts'

export interface PretrainResultSlice {
  /** The model that was kept last, and the run that it is of, at that save. */
  readonly keptPretrained: KeptModel
  readonly keptPretrainedOf: { readonly id: string; readonly savedSteps: number } | null
  keepPretrained(of: { id: string; savedSteps: number }, name: string, version: string): Promise<void>
  /** Opens the kept model in the attention lab. */
  lookIntoPretrained(): void
  startFromPretrained(): void
  /** Deletes the kept model; whoever used it goes back to the installation's. */
  undoPretrained(): Promise<void>
}

/** The pretraining run that is looked at. */
export function shownPretraining({ shownRun }: Pick<Workbench, 'shownRun'>): RunSummary | null {
  const summary = shownRun.kind === 'shown' ? shownRun.details.summary : null
  return summary?.kind === 'pretrain' ? summary : null
}

/** Updates of the run that are saved now; the summary is as old as its reading. */
export function savedStepsOf({ liveRun }: Pick<Workbench, 'liveRun'>, run: RunSummary): number {
  return liveRun.kind === 'going' && liveRun.id === run.id ? liveRun.savedSteps : run.savedSteps
}

/** What became of the wish to keep the run; nothing once it has learnt more, or the model was deleted elsewhere. */
export function keptOfRun(state: Workbench, run: RunSummary): Workbench['keptPretrained'] {
  const { keptPretrained, keptPretrainedOf: of, models } = state
  const isHere =
    keptPretrained.kind !== 'done' ||
    models?.some(({ source }) => sourceKey(source) === sourceKey(keptPretrained.entry.source))
  const isThis = of?.id === run.id && of.savedSteps === savedStepsOf(state, run)
  return isThis && isHere ? keptPretrained : NONE
}

const NONE = { kind: 'none' } as const

export const createPretrainResultSlice: SliceOf<PretrainResultSlice> =
  ({ workers }) =>
  (set, get) => ({
    keptPretrained: NONE,
    keptPretrainedOf: null,

    async keepPretrained(of, name, version) {
      if (get().keptPretrained.kind === 'running') return
      set({ keptPretrainedOf: of })
      await keepModel(
        get,
        () => workers.library.run('pretrainedModel', { id: of.id, name, version }),
        keptPretrained => set({ keptPretrained }),
      )
    },

    lookIntoPretrained() {
      const { keptPretrained } = get()
      if (keptPretrained.kind !== 'done') return
      get().setMode('explore')
      void get().openLabModel(keptPretrained.entry.source)
    },

    startFromPretrained() {
      const { keptPretrained } = get()
      if (keptPretrained.kind === 'done') get().chooseFinetuneStart(sourceKey(keptPretrained.entry.source))
    },

    async undoPretrained() {
      const { keptPretrained } = get()
      if (keptPretrained.kind !== 'done') return
      await get().deleteModel(keptPretrained.entry)
      const { modelWork } = get()
      set({ keptPretrained: modelWork.kind === 'failed' ? modelWork : NONE })
    },
  })
