// Beginning a fine-tuning run: the boxes are cut where the data is, handed to the training worker, and held for pictures.
import type { FinetuneSettings } from '../worker/finetuneProtocol.ts'
import type { LabelledSummary } from '../worker/labelledProtocol.ts'
import type { LabelledTasks } from '../worker/labelledProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import { chosenStart } from './finetuneStarts.ts'
import type { FinetuneSlice } from './finetuneSlice.ts'
import { chooseFollowed } from './followedScan.ts'
import { openLabelledData } from './labelledSlice.ts'
import type { Services, Workbench } from './store.ts'

type Set = (part: Partial<Workbench>) => void
type CutBoxes = LabelledTasks['prepareCrops']['result']
type Starting = Pick<
  FinetuneSlice,
  'startFinetuning' | 'cancelPreparing' | 'measureFinetuning' | 'cancelMeasuring'
>

/** A run's first name: what is learnt and how, never a file's name. */
function titleOf({ task, method }: FinetuneSettings, { cases }: LabelledSummary): string {
  const what = { segment: 'Outline', classify: 'Classify', respond: 'Response' }[task]
  return `${what}, ${method}, ${cases.length} cases`
}

/** Cases of patients are kept with a run only where their owner says so; synthetic ones are nobody's. */
export function asksToKeepBoxes(state: Pick<Workbench, 'labelled'>): boolean {
  return openLabelledData(state)?.cases.some(({ synthetic }) => !synthetic) ?? false
}

/** Bytes of the boxes as a run keeps them. */
export function boxBytes(state: Pick<Workbench, 'labelled' | 'finetuneSettings'>): number {
  const { cases } = openLabelledData(state) ?? { cases: [] }
  const bytesOfVoxel = cases.some(({ hasMask }) => hasMask) ? 3 : 2
  const voxels = state.finetuneSettings?.boxShape.reduce((product, side) => product * side, 1) ?? 0
  return cases.length * voxels * bytesOfVoxel
}

export function createStarting(services: Services, set: Set, get: () => Workbench): Starting {
  const { workers, held } = services
  let controller = new AbortController()
  let timing = new AbortController()

  /** Boxes are cut once for timing and training: they follow from the data, their shape and their spacing. */
  let last: { readonly key: string; readonly cut: Promise<CutBoxes> } | undefined

  function cut(
    { boxShape: shape, entry }: FinetuneSettings,
    { cohortId }: LabelledSummary,
    options: { signal: AbortSignal; onProgress: (progress: StageProgress) => void },
  ): Promise<CutBoxes> {
    const input = { cohortId, shape, spacingMm: entry.spacingMm }
    const key = JSON.stringify(input)
    if (last?.key === key) return last.cut
    options.onProgress({ stage: 'Cutting the boxes', done: 0, total: 1 })
    const made = workers.volume.run('prepareCrops', input, options)
    last = { key, cut: made }
    made.catch(() => (last = undefined))
    return made
  }

  return {
    async startFinetuning() {
      const data = openLabelledData(get())
      const { finetuneSettings: settings } = get()
      if (!data || !settings || get().finetunePreparing.kind === 'running') return
      const keepsCrops = !asksToKeepBoxes(get()) || get().finetuneKeeps === true
      try {
        controller = new AbortController()
        const onProgress = (progress: StageProgress) =>
          set({ finetunePreparing: { kind: 'running', progress } })
        const boxes = await cut(settings, data, { onProgress, signal: controller.signal })
        const { crops, indices } = boxes
        const following = await chooseFollowed(services, get(), data, boxes, settings)
        held.training.crops = { crops, shape: settings.entry.shape, runId: null }
        const start = chosenStart(get())
        const title = titleOf(settings, data)
        set({
          finetunePreparing: { kind: 'none' },
          finetuneReport: { kind: 'none' },
          knownBoxes: {
            cohortId: data.cohortId,
            indexOf: Object.fromEntries(crops.cases.map(({ identity }, box) => [identity, indices[box]])),
          },
        })
        const input = { title, settings, crops, keepsCrops, ...following, start }
        await get().followRun(title, 'finetune', options =>
          workers.train.run('beginFinetuning', input, options),
        )
      } catch (error) {
        const failure = toFailure(error, 'Preparing the run')
        set({ finetunePreparing: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },
    cancelPreparing: () => controller.abort(),

    async measureFinetuning() {
      const data = openLabelledData(get())
      const { finetuneSettings: settings } = get()
      if (!data || !settings || get().finetuneTiming.kind === 'running') return
      timing = new AbortController()
      const { signal } = timing
      const onProgress = (progress: StageProgress) => {
        if (!signal.aborted) set({ finetuneTiming: { kind: 'running', progress } })
      }
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      try {
        const { crops } = await cut(settings, data, { onProgress, signal })
        const start = chosenStart(get())
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
