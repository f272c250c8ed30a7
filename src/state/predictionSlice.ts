// Analysing the open scan: where it runs, how far it is, what came out. Voxels of the result are held outside.
import type { FindingsFile, RunTiming } from '../prediction/finding.ts'
import type { PredictProgress } from '../prediction/predict.ts'
import type { ModelSource } from '../worker/labProtocol.ts'
import type { ComputeDevice, ModelSummary } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import { isSameModel, MODEL_NAME } from './modelsSlice.ts'
import type { SliceOf, Workbench } from './store.ts'

export interface PredictionSummary {
  readonly file: FindingsFile
  readonly timings: readonly RunTiming[]
  readonly model: ModelSummary
  readonly source: ModelSource
  readonly seconds: number
}

export type PredictionState =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'running'
      readonly caseId: string
      readonly progress: PredictProgress
    }
  | { readonly kind: 'done'; readonly caseId: string; readonly summary: PredictionSummary }
  | { readonly kind: 'failed'; readonly failure: Failure }

export type Compute =
  | { readonly kind: 'asking' }
  | { readonly kind: 'ready'; readonly device: ComputeDevice; readonly model: ModelSummary | null }
  | { readonly kind: 'failed'; readonly failure: Failure }

export interface PredictionSlice {
  readonly compute: Compute
  readonly prediction: PredictionState
  /** A cancelled job still ends its tile in the worker; a new one waits for it. */
  readonly isWindingDown: boolean
  askDevice(): Promise<void>
  startPrediction(): Promise<void>
  cancelPrediction(): void
}

/** Findings on screen are of another model than the one that is chosen now: they stay until the scan is analysed anew. */
export function isOfAnotherModel({
  prediction,
  chosenModel,
}: Pick<Workbench, 'prediction' | 'chosenModel'>): boolean {
  return prediction.kind === 'done' && !isSameModel(prediction.summary.source, chosenModel)
}

export const createPredictionSlice: SliceOf<PredictionSlice> = services => (set, get) => {
  const { compute } = services.workers
  const searchSource: ModelSource = { kind: 'installed', name: MODEL_NAME, baseUrl: services.baseUrl }
  let controller = new AbortController()

  function onProgress(progress: PredictProgress): void {
    const { prediction } = get()
    if (prediction.kind === 'running') set({ prediction: { ...prediction, progress } })
  }

  return {
    compute: { kind: 'asking' },
    prediction: { kind: 'none' },
    isWindingDown: false,

    async askDevice() {
      try {
        const source = get().chosenModel
        const described = await compute.run('describe', { source })
        // Another model may have been chosen meanwhile; that one is described by its own asking.
        if (isSameModel(source, get().chosenModel)) set({ compute: { kind: 'ready', ...described } })
      } catch (error) {
        const failure = toFailure(error, 'Starting the compute worker')
        if (failure) set({ compute: { kind: 'failed', failure } })
      }
    },

    async startPrediction() {
      const { openCase, prediction } = get()
      const scan = openCase && services.held.scan(openCase.id)
      if (!openCase || !scan || prediction.kind === 'running') return
      controller = new AbortController()
      const { signal } = controller
      const caseId = openCase.id
      const source = get().chosenModel
      const startedAt = Date.now()
      const progress: PredictProgress = { stage: 'Starting', done: 0, total: 1, secondsLeft: null }
      services.held.releasePrediction(caseId)
      get().clearReview()
      set({ prediction: { kind: 'running', caseId, progress } })
      try {
        // Cloning shares the voxels where memory is shared; the identifiers per slice are of no use there.
        const series = { ...scan.series, dicom: undefined }
        const input = { source, searchSource, series, previewShape: scan.preview.shape }
        const result = await compute.run('predict', input, { signal, onProgress })
        const { labels, probability, previewLabels, ...summary } = result
        services.held.holdPrediction(caseId, { labels, probability, previewLabels })
        const seconds = (Date.now() - startedAt) / 1000
        set({ prediction: { kind: 'done', caseId, summary: { ...summary, source, seconds } } })
        // A GPU that does not compute right, or was lost, has been left for the CPU.
        void get().askDevice()
      } catch (error) {
        if (signal.aborted) return
        const failure = toFailure(error, 'Analysing this scan')
        set({ prediction: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    cancelPrediction() {
      if (get().prediction.kind !== 'running') return
      controller.abort()
      set({ prediction: { kind: 'none' }, isWindingDown: true })
      void compute.idle().then(() => set({ isWindingDown: false }))
    },
  }
}
