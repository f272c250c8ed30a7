// Beginning a fine-tuning run: the boxes are cut where the data is, handed to the training worker, and held for pictures.
import type { FinetuneSettings } from '../worker/finetuneProtocol.ts'
import type { LabelledSummary } from '../worker/labelledProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { FinetuneSlice } from './finetuneSlice.ts'
import { openLabelledData } from './labelledSlice.ts'
import type { Services, Workbench } from './store.ts'

type Set = (part: Partial<Workbench>) => void
type Starting = Pick<
  FinetuneSlice,
  'startFinetuning' | 'cancelPreparing' | 'measureFinetuning' | 'cancelMeasuring'
>

/** A run's first name: what is learnt and how, never a file's name. */
function titleOf({ task, method }: FinetuneSettings, { cases }: LabelledSummary): string {
  const what = { segment: 'Outline', classify: 'Classify', respond: 'Response' }[task]
  return `${what}, ${method}, ${cases.length} cases`
}

export function createStarting({ workers, held }: Services, set: Set, get: () => Workbench): Starting {
  let controller = new AbortController()
  let timing = new AbortController()

  async function cut(settings: FinetuneSettings, { cohortId, cases }: LabelledSummary) {
    controller = new AbortController()
    const onProgress = (progress: StageProgress) => set({ finetunePreparing: { kind: 'running', progress } })
    onProgress({ stage: 'Cutting the boxes', done: 0, total: cases.length })
    const { boxShape: shape, entry } = settings
    const input = { cohortId, shape, spacingMm: entry.spacingMm }
    return workers.volume.run('prepareCrops', input, { onProgress, signal: controller.signal })
  }

  return {
    async startFinetuning() {
      const data = openLabelledData(get())
      const { finetuneSettings: settings, finetuneStarts, finetuneStart } = get()
      if (!data || !settings || get().finetunePreparing.kind === 'running') return
      try {
        const { crops, indices } = await cut(settings, data)
        held.training.crops = { crops, shape: settings.entry.shape, runId: null }
        const start = finetuneStarts.find(({ id }) => id === finetuneStart)?.source ?? null
        const title = titleOf(settings, data)
        set({
          finetunePreparing: { kind: 'none' },
          finetuneReport: { kind: 'none' },
          cropNames: indices.map(index => data.cases[index].id),
        })
        await get().followRun(title, 'finetune', options =>
          workers.train.run('beginFinetuning', { title, settings, crops, start }, options),
        )
      } catch (error) {
        const failure = toFailure(error, 'Preparing the run')
        set({ finetunePreparing: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },
    cancelPreparing: () => controller.abort(),

    async measureFinetuning() {
      const data = openLabelledData(get())
      const { finetuneSettings: settings, finetuneStarts, finetuneStart } = get()
      if (!data || !settings || get().finetuneTiming.kind === 'running') return
      timing = new AbortController()
      const { signal } = timing
      const onProgress = (progress: StageProgress) => {
        if (!signal.aborted) set({ finetuneTiming: { kind: 'running', progress } })
      }
      onProgress({ stage: 'Cutting the boxes', done: 0, total: 1 })
      try {
        const { boxShape: shape, entry } = settings
        const input = { cohortId: data.cohortId, shape, spacingMm: entry.spacingMm }
        const { crops } = await workers.volume.run('prepareCrops', input, { onProgress, signal })
        const start = finetuneStarts.find(({ id }) => id === finetuneStart)?.source ?? null
        const options = { onProgress, signal }
        const { seconds } = await workers.train.run('timeFinetuning', { settings, crops, start }, options)
        set({ finetuneTiming: { kind: 'done', seconds } })
      } catch (error) {
        const failure = toFailure(error, 'Timing the run')
        set({ finetuneTiming: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },
    cancelMeasuring: () => timing.abort(),
  }
}
