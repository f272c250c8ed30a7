// Setting up a fine-tuning run: task, start model and method lead to a recommendation; every change is forecast before the
// run can start. The run itself is followed like any other (liveRunSlice).
import type {
  CaseCounts,
  FinetuneForecast,
  FinetuneMethod,
  FinetuneSettings,
  FinetuneTask,
} from '../worker/finetuneProtocol.ts'
import type { LabelledSummary } from '../worker/labelledProtocol.ts'
import type { ModelSource } from '../worker/labProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import { openLabelledData } from './labelledSlice.ts'
import type { Services, SliceOf, Workbench } from './store.ts'

/** A model that a run can begin with; `source` is null from scratch. */
export interface FinetuneStart {
  readonly id: string
  readonly name: string
  readonly source: ModelSource | null
}

export interface FinetuneSlice {
  readonly finetuneTask: FinetuneTask
  readonly finetuneStarts: readonly FinetuneStart[]
  /** Id of one of the starts. */
  readonly finetuneStart: string
  readonly recommendation: Job<{ readonly reasons: readonly string[] }>
  /** What was recommended; the same object as `finetuneSettings` until something is changed. */
  readonly recommendedSettings: FinetuneSettings | null
  readonly finetuneSettings: FinetuneSettings | null
  readonly finetuneForecast: Job<{ readonly forecast: FinetuneForecast }>
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
  useRecommended(): void
  previewAugmentation(): Promise<void>
  previewNextCase(): void
  startFinetuning(): Promise<void>
}

/** Pictures of a preview: the case as it is, and as so many epochs would see it. */
const PREVIEWS = 3
/** Typing settles before it is forecast. */
const SETTLE_MS = 400

const TASK_ORDER: readonly FinetuneTask[] = ['classify', 'segment', 'respond']

export function countCases({ cases, classes }: LabelledSummary): CaseCounts {
  const perClass = classes.map((_, label) => cases.filter(one => one.label === label).length)
  const volumes = cases.flatMap(({ volumeMm3 }) => volumeMm3 ?? [])
  return {
    cases: cases.length,
    patients: new Set(cases.map(({ patient }) => patient)).size,
    perClass,
    classes,
    diametersMm: volumes.map(mm3 => Math.cbrt((6 * mm3) / Math.PI)).sort((a, b) => a - b),
  }
}

type Set = (part: Partial<Workbench>) => void

/** Asks for the recommendation and the forecast; a newer question makes the older answer void. */
function createAdvice({ workers }: Services, set: Set, get: () => Workbench) {
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function forecast(): Promise<void> {
    const { finetuneSettings: settings } = get()
    const data = openLabelledData(get())
    if (!settings || !data) return
    const question = ++asked
    set({ finetuneForecast: { kind: 'running', progress: { stage: 'Forecasting', done: 0, total: 1 } } })
    try {
      const input = { settings, counts: countCases(data) }
      const result = await workers.compute.run('forecastFinetuning', input)
      if (question === asked) set({ finetuneForecast: { kind: 'done', forecast: result } })
    } catch (error) {
      if (question !== asked) return
      const failure = toFailure(error, 'Forecasting the run')
      set({ finetuneForecast: failure ? { kind: 'failed', failure } : { kind: 'none' } })
    }
  }

  return {
    forecastSoon(): void {
      clearTimeout(timer)
      timer = setTimeout(() => void forecast(), SETTLE_MS)
    },

    /** `method`: null leaves it to the recommendation. */
    async recommend(method: FinetuneMethod | null): Promise<void> {
      const data = openLabelledData(get())
      const { finetuneTask: task, finetuneStarts, finetuneStart } = get()
      if (!data || data.problems[task].length > 0) return
      const question = ++asked
      const onProgress = (progress: StageProgress) => set({ recommendation: { kind: 'running', progress } })
      onProgress({ stage: 'Looking at the start model', done: 0, total: 1 })
      try {
        const start = finetuneStarts.find(({ id }) => id === finetuneStart)?.source ?? null
        const input = { task, method, start, counts: countCases(data) }
        const { settings, reasons } = await workers.compute.run('recommendFinetuning', input)
        if (question !== asked) return
        set({
          recommendation: { kind: 'done', reasons },
          recommendedSettings: settings,
          finetuneSettings: settings,
        })
        await forecast()
      } catch (error) {
        if (question !== asked) return
        const failure = toFailure(error, 'Choosing a set-up')
        set({ recommendation: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },
  }
}

/** Previews augmentation on one case of the open data; the newest wish is answered. */
function createPreview({ workers, held }: Services, set: Set, get: () => Workbench) {
  let index = 0
  let asked = 0
  return {
    async preview(): Promise<void> {
      const data = openLabelledData(get())
      const { finetuneSettings: settings } = get()
      if (!data || !settings) return
      const question = ++asked
      const { augment: options, boxShape, entry, seed } = settings
      const input = {
        cohortId: data.cohortId,
        index: index % data.cases.length,
        boxShape,
        ...{ shape: entry.shape, spacingMm: entry.spacingMm, options },
        seeds: Array.from({ length: PREVIEWS }, (_, i) => seed + 1 + i),
      }
      // A case that cannot be opened has no preview; the data panel says what is wrong with it.
      const crops = await workers.volume.run('previewAugmented', input).catch(() => [])
      if (question !== asked) return
      held.training.augmented = crops
      set({ augmentSerial: get().augmentSerial + 1 })
    },
    next: () => void index++,
  }
}

export const createFinetuneSlice: SliceOf<FinetuneSlice> = services => (set, get) => {
  const { workers, held } = services
  const advice = createAdvice(services, set, get)
  const preview = createPreview(services, set, get)
  const clean = {
    recommendation: { kind: 'none' },
    recommendedSettings: null,
    finetuneSettings: null,
    finetuneForecast: { kind: 'none' },
    finetunePreparing: { kind: 'none' },
  } as const

  return {
    ...clean,
    finetuneTask: 'classify',
    finetuneStarts: [],
    finetuneStart: '',
    augmentSerial: 0,

    labelledDataOpened() {
      const data = openLabelledData(get())
      set(clean)
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
      set({ finetuneSettings: { ...finetuneSettings, ...change } })
      advice.forecastSoon()
    },

    useRecommended() {
      set({ finetuneSettings: get().recommendedSettings })
      advice.forecastSoon()
    },

    previewAugmentation: preview.preview,
    previewNextCase() {
      preview.next()
      void preview.preview()
    },

    async startFinetuning() {
      const data = openLabelledData(get())
      const { finetuneSettings: settings, finetuneStarts, finetuneStart } = get()
      if (!data || !settings) return
      const onProgress = (progress: StageProgress) =>
        set({ finetunePreparing: { kind: 'running', progress } })
      onProgress({ stage: 'Cutting the boxes', done: 0, total: data.cases.length })
      try {
        const { task, boxShape: shape, entry } = settings
        const input = { cohortId: data.cohortId, task, shape, spacingMm: entry.spacingMm }
        const { crops, indices } = await workers.volume.run('prepareCrops', input, { onProgress })
        held.training.crops = { crops, cases: indices }
        const start = finetuneStarts.find(({ id }) => id === finetuneStart)?.source ?? null
        set({ finetunePreparing: { kind: 'none' } })
        await get().followRun(titleOf(settings, data), options =>
          workers.train.run(
            'beginFinetuning',
            { title: titleOf(settings, data), settings, crops, start },
            options,
          ),
        )
      } catch (error) {
        const failure = toFailure(error, 'Preparing the run')
        set({ finetunePreparing: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },
  }
}

/** A run's first name: what is learnt and how, never a file's name. */
function titleOf({ task, method }: FinetuneSettings, { cases }: LabelledSummary): string {
  const what = { segment: 'Outline', classify: 'Classify', respond: 'Response' }[task]
  return `${what}, ${method}, ${cases.length} cases`
}
