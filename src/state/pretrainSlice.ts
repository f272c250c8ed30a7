// What a reader chooses before a pretraining begins, and what it will take.
import { InputError } from '../base/errors.ts'
import { defaultOptions, requireCropShape, requireOptions } from '../training/pretrain/options.ts'
import type { PretrainOptions } from '../training/pretrain/options.ts'
import { pretrainRecipe } from '../training/pretrain/recipe.ts'
import type { PickedFile } from '../worker/protocol.ts'
import type { PretrainData, PretrainWish, StepForecast } from '../worker/trainProtocol.ts'
import { DEMO_CASES } from './demoCases.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import type { Services, SliceOf, Workbench } from './store.ts'

/** What is learnt from; what is not there (no scan is open, no file was picked) counts for nothing. */
export interface PretrainSources {
  /** The synthetic chests of the training split. */
  readonly phantoms: boolean
  readonly openScan: boolean
  readonly files: readonly PickedFile[]
  /** Null until the reader has chosen: keep copies in this browser, or ask for the files again. */
  readonly keepsVolumes: boolean | null
}

export interface PretrainSlice {
  readonly pretrainWish: PretrainWish
  readonly pretrainSources: PretrainSources
  readonly saveEvery: number
  readonly pretrainForecast: Job<{ readonly forecast: StepForecast }>
  changePretraining(change: Partial<PretrainWish>): void
  changePretrainOptions(change: Partial<PretrainOptions>): void
  changePretrainSources(change: Partial<PretrainSources>): void
  setSaveEvery(saveEvery: number): void
  forecastPretraining(): Promise<void>
  beginPretraining(): Promise<void>
}

const firstSteps = 200
const memoryBytes = 1e9

const firstWish: PretrainWish = {
  ...{ preset: 'demo', cropSide: null, spacingMm: null, memoryBytes },
  options: defaultOptions(firstSteps),
}

/** Whether volumes are used that a copy could be kept of: synthetic chests are made from their seeds. */
export function usesVolumes({ pretrainSources, openCase }: Workbench): boolean {
  const { openScan, files } = pretrainSources
  return files.length > 0 || (openScan && openCase !== null && openCase.demoId === null)
}

/** Why the run cannot begin, in a sentence; null when it can. */
export function pretrainProblem(state: Workbench): string | null {
  const { pretrainWish: wish, pretrainSources: sources, openCase } = state
  try {
    requireOptions(wish.options)
    const side = wish.cropSide ?? pretrainRecipe(wish.preset).cropShape[0]
    requireCropShape([side, side, side])
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  const hasData = sources.phantoms || sources.files.length > 0 || (sources.openScan && openCase !== null)
  if (!hasData) return 'Choose what to learn from: synthetic chests, the open scan or files.'
  if (usesVolumes(state) && sources.keepsVolumes === null)
    return 'Choose whether this browser keeps a copy of the volumes.'
  return null
}

function dataOf({ held }: Services, { pretrainSources, openCase }: Workbench): PretrainData[] {
  const { phantoms, openScan, files } = pretrainSources
  const data: PretrainData[] = phantoms ? [{ kind: 'phantom', split: 'train' }] : []
  const scan = openScan && openCase ? held.scan(openCase.id) : undefined
  const demo = DEMO_CASES.find(({ id }) => id === openCase?.demoId)
  if (scan && demo) data.push({ kind: 'demo', seed: demo.seed, spacingMm: demo.spacingMm })
  else if (scan) data.push({ kind: 'volume', volume: scan.series.volume, synthetic: scan.series.synthetic })
  if (files.length > 0) data.push({ kind: 'files', files })
  return data
}

/** Says nothing of the data: the reader may give it another name. */
function titleOf({ preset }: PretrainWish): string {
  const when = new Date().toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
  return `Pretraining of ${preset}, ${when}`
}

export const createPretrainSlice: SliceOf<PretrainSlice> = services => (set, get) => {
  const { train } = services.workers
  let asked = 0
  const changeWish = (pretrainWish: PretrainWish) => set({ pretrainWish, pretrainForecast: { kind: 'none' } })

  return {
    pretrainWish: firstWish,
    pretrainSources: { phantoms: true, openScan: false, files: [], keepsVolumes: null },
    saveEvery: 20,
    pretrainForecast: { kind: 'none' },

    changePretraining: change => changeWish({ ...get().pretrainWish, ...change }),

    changePretrainOptions(change) {
      const { pretrainWish } = get()
      const { options } = pretrainWish
      // Warm-ups are shares of the run.
      const { warmupSteps, temperatureWarmupSteps } = defaultOptions(change.steps ?? options.steps)
      const shares = change.steps === undefined ? {} : { warmupSteps, temperatureWarmupSteps }
      changeWish({ ...pretrainWish, options: { ...options, ...shares, ...change } })
    },

    changePretrainSources: change => set({ pretrainSources: { ...get().pretrainSources, ...change } }),
    setSaveEvery: saveEvery => set({ saveEvery: Math.max(1, Math.round(saveEvery)) }),

    async forecastPretraining() {
      const mine = ++asked
      const wish = get().pretrainWish
      set({
        pretrainForecast: { kind: 'running', progress: { stage: 'Forecasting', done: 0, total: 1 } },
      })
      try {
        const forecast = await train.run('forecastPretraining', { wish })
        if (mine === asked && wish === get().pretrainWish)
          set({ pretrainForecast: { kind: 'done', forecast } })
      } catch (error) {
        const failure = toFailure(error, 'The forecast')
        if (mine === asked)
          set({ pretrainForecast: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    async beginPretraining() {
      const state = get()
      if (pretrainProblem(state) !== null) return
      const { pretrainWish: wish, saveEvery, pretrainSources } = state
      const title = titleOf(wish)
      // A forecast on its way would keep the worker from the run for seconds.
      train.end()
      const keepsVolumes = pretrainSources.keepsVolumes ?? false
      const input = { title, wish, data: dataOf(services, state), keepsVolumes, saveEvery }
      await state.followRun(title, 'pretrain', options => train.run('beginPretraining', input, options))
    },
  }
}
