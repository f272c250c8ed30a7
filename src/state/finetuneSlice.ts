// Setting up a fine-tuning run: task, start model and method lead to a recommendation; every change is forecast before the
// run can start. The run itself is followed like any other (liveRunSlice).
import type {
  FinetuneForecast,
  FinetuneMethod,
  FinetuneSettings,
  FinetuneTask,
} from '../worker/finetuneProtocol.ts'
import { sourceKey } from '../worker/sourceKey.ts'
import { createPreview } from './augmentPreview.ts'
import { createAdvice } from './finetuneAdvice.ts'
import { createStarting } from './finetuneStarting.ts'
import type { Job } from './job.ts'
import { openLabelledData } from './labelledSlice.ts'
import { MODEL_NAME } from './modelsSlice.ts'
import type { SliceOf } from './store.ts'

export interface FinetuneSlice {
  readonly finetuneTask: FinetuneTask
  /** Id of one of the starts. */
  readonly finetuneStart: string
  readonly recommendation: Job<{ readonly reasons: readonly string[] }>
  /** What was recommended; the same object as `finetuneSettings` until something is changed. */
  readonly recommendedSettings: FinetuneSettings | null
  readonly finetuneSettings: FinetuneSettings | null
  readonly finetuneForecast: Job<{ readonly forecast: FinetuneForecast }>
  /** Seconds of the whole run, from updates that were made here. */
  readonly finetuneTiming: Job<{ readonly seconds: number }>
  /** Whether this browser may keep the boxes of patients with the run; null until it is answered. */
  readonly finetuneKeeps: boolean | null
  /** Cutting the boxes before a run. */
  readonly finetunePreparing: Job<object>
  /** Raised when `held.training.augmented` has changed. */
  readonly augmentSerial: number
  /** New data came, or old went. */
  labelledDataOpened(): void
  chooseFinetuneTask(task: FinetuneTask): void
  chooseFinetuneStart(id: string): void
  chooseFinetuneMethod(method: FinetuneMethod): void
  changeFinetuning(change: Partial<FinetuneSettings>): void
  chooseFinetuneKeeps(keeps: boolean): void
  useRecommended(): void
  previewAugmentation(): Promise<void>
  previewNextCase(): void
  /** Cuts the boxes, then begins the run. */
  startFinetuning(): Promise<void>
  cancelPreparing(): void
  /** Makes two updates of the run and throws them away. */
  measureFinetuning(): Promise<void>
  cancelMeasuring(): void
}

const TASK_ORDER: readonly FinetuneTask[] = ['classify', 'segment', 'respond']

export const createFinetuneSlice: SliceOf<FinetuneSlice> = services => (set, get) => {
  const advice = createAdvice(services, set, get)
  const preview = createPreview(services, set, get)
  const clean = {
    recommendation: { kind: 'none' },
    recommendedSettings: null,
    finetuneSettings: null,
    finetuneForecast: { kind: 'none' },
    finetunePreparing: { kind: 'none' },
    finetuneTiming: { kind: 'none' },
  } as const

  return {
    ...clean,
    finetuneTask: 'classify',
    finetuneStart: sourceKey({ kind: 'installed', name: MODEL_NAME, baseUrl: services.baseUrl }),
    augmentSerial: 0,
    finetuneKeeps: null,

    labelledDataOpened() {
      const data = openLabelledData(get())
      // Other cases, another answer.
      set({ ...clean, finetuneKeeps: null })
      if (!data) return
      const { finetuneTask } = get()
      const isPossible = (task: FinetuneTask) => data.problems[task].length === 0
      const finetuneTaskNow = isPossible(finetuneTask)
        ? finetuneTask
        : (TASK_ORDER.find(isPossible) ?? finetuneTask)
      set({ finetuneTask: finetuneTaskNow })
      void advice.recommend(null)
    },

    chooseFinetuneTask(finetuneTask) {
      set({ ...clean, finetuneTask })
      void advice.recommend(null)
    },

    chooseFinetuneStart(finetuneStart) {
      set({ ...clean, finetuneStart })
      void advice.recommend(null)
    },

    chooseFinetuneMethod: method => void advice.recommend(method),

    changeFinetuning(change) {
      const { finetuneSettings } = get()
      if (!finetuneSettings) return
      set({ finetuneSettings: { ...finetuneSettings, ...change }, finetuneTiming: { kind: 'none' } })
      advice.noteChange(change)
    },

    chooseFinetuneKeeps: finetuneKeeps => set({ finetuneKeeps }),

    useRecommended() {
      set({ finetuneSettings: get().recommendedSettings })
      advice.noteChange({})
      advice.forgetChanges()
    },

    previewAugmentation: preview.preview,
    previewNextCase() {
      preview.next()
      void preview.preview()
    },

    ...createStarting(services, set, get),
  }
}
