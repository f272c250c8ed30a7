// One action that trains the shown run again on 25, 50 and 100 % of its labels: its result then has them side by side.
import { InputError } from '../base/errors.ts'
import { missingShares, withShare } from '../training/finetune/fewShot.ts'
import type { ModelSource } from '../worker/labProtocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import type { ReportState } from './finetuneResultSlice.ts'
import { unfollowed } from './followedScan.ts'
import { isLive } from './liveRunSlice.ts'
import { modelOfIdentity } from './modelsSlice.ts'
import type { SliceOf, Workbench } from './store.ts'
import { tellBoxes } from './worstCaseSlice.ts'

export interface FewShotSlice {
  /** Shares that are still to be trained, the one that is trained now first. */
  readonly sharesToTrain: readonly number[]
  readonly fewShotFailure: Failure | null
  trainFewerLabels(): Promise<void>
}

/** Shares that the shown result has no run of. */
export function missingSharesOf({ finetuneReport }: Pick<Workbench, 'finetuneReport'>): readonly number[] {
  if (finetuneReport.kind !== 'done' || !finetuneReport.isFinished) return []
  const { report, settings } = finetuneReport
  return missingShares([settings.labelShare, ...report.shares.map(({ share }) => share)])
}

type Shown = Extract<ReportState, { kind: 'done' }>

/** The model that a run began with, among those that are here. @throws InputError when it is not. */
function startOf({ settings }: Shown, { models }: Workbench): ModelSource | null {
  if (settings.start === 'scratch') return null
  const { name, version, identity } = settings.start
  const entry = modelOfIdentity(models, identity)
  if (entry) return entry.source
  throw new InputError(
    `The start model ${name} ${version} is not among the models of this page any more; add it again under Models, then train on fewer labels.`,
  )
}

export const createFewShotSlice: SliceOf<FewShotSlice> = services => (set, get) => {
  const { workers, held } = services

  async function boxesOf({ runId, identities }: Shown) {
    if (held.training.crops?.runId !== runId) await tellBoxes(services, set, get)
    const { crops } = held.training.crops ?? {}
    if (crops && String(crops.cases.map(({ identity }) => identity)) === String(identities)) return crops
    throw new InputError(
      'The cases of this run are not at hand. Open the labelled data that it was begun with again, under Labelled data, then train on fewer labels.',
    )
  }

  return {
    sharesToTrain: [],
    fewShotFailure: null,

    async trainFewerLabels() {
      const shown = get().finetuneReport
      const shares = missingSharesOf(get())
      if (shown.kind !== 'done' || shares.length === 0 || isLive(get())) return
      const { settings, keepsCrops, runId } = shown
      const name = get().runs.find(({ id }) => id === runId)?.title ?? 'Fine-tuning'
      set({ sharesToTrain: shares, fewShotFailure: null })
      try {
        if (get().models === null) await get().listModels()
        const start = startOf(shown, get())
        const crops = await boxesOf(shown)
        for (const share of shares) {
          set({ sharesToTrain: shares.slice(shares.indexOf(share)) })
          const title = `${name}, ${100 * share} % of the labels`
          const input = {
            title,
            settings: withShare(settings, share),
            crops,
            keepsCrops,
            start,
            ...unfollowed,
          }
          await get().followRun(title, 'finetune', options =>
            workers.train.run('beginFinetuning', input, options),
          )
          const { liveRun } = get()
          // Stopped or failed: the live run says so, and the shares that are there still stand in the table.
          if (liveRun.kind !== 'ended' || liveRun.end !== 'finished') break
        }
        await get().showRun(runId)
      } catch (error) {
        set({ fewShotFailure: toFailure(error, 'Training on fewer labels') ?? null })
      } finally {
        set({ sharesToTrain: [] })
      }
    },
  }
}
