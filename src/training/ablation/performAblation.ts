// The ablation within a time budget: pretrains one variant after the other, probes each once it is finished, and goes on
// at the next call where this one ended. What is done stands in files: a run's folder, its probe's scores.
import { InputError } from '../../base/errors.ts'
import type { Runtime } from '../../graph/session.ts'
import type { ParameterValues } from '../../network/parameters.ts'
import { phantomSource, type CaseSource } from '../pretrain/cases.ts'
import { performPretraining, planCrops, type PretrainRow } from '../pretrain/performPretraining.ts'
import { startState, stateShapes } from '../pretrain/pretrainUpdates.ts'
import { configFor } from '../pretrain/options.ts'
import { readConfig, type PretrainSettings } from '../pretrain/runRecord.ts'
import { loadState } from '../run/checkpoint.ts'
import { RunControl } from '../run/control.ts'
import type { Environment } from '../run/environment.ts'
import { readHistory } from '../run/history.ts'
import { readJson, writeJson, type RunStorage } from '../run/storage.ts'
import { flattenState } from '../stepGraph.ts'
import { imageFeatures } from './imageFeatures.ts'
import { probeAcross, probeWithin, type LabelledCase, type ProbeScores } from './probeProtocol.ts'
import type { ProbeCase } from './probeSets.ts'
import { ablationRecipe, optionsOf, runName, variants, type AblationPlan, type Variant } from './variants.ts'

const planFile = 'ablation.json'
/** What is judged, without its images: all that the report needs. */
const casesFile = 'cases.json'
const memoryBytes = 1e9
const folds = 5

/** What one run's features gave; `cubes` where there were any. */
export interface RunScores {
  readonly phantom: ProbeScores
  readonly cubes: ProbeScores | null
}

export interface ProbeData {
  readonly learn: readonly ProbeCase[]
  readonly judge: readonly ProbeCase[]
  /** Nodule cubes of patients, judged by cross-validation; empty where there are none. */
  readonly cubes: readonly ProbeCase[]
}

export interface AblationOptions {
  /** Of the ablation itself, and of each run within it. */
  readonly storage: RunStorage
  readonly runStorage: (name: string) => RunStorage
  readonly runtime: Runtime
  readonly environment: (label: string) => Environment
  readonly minutes: number
  /** For a new ablation; one that is continued keeps the plan that it was begun with. */
  readonly plan: AblationPlan
  /** Made once, when the first probe needs it. */
  readonly probeData: (plan: AblationPlan) => Promise<ProbeData>
  readonly onNotice: (notice: string) => void
}

/** The plan of the ablation in the storage, or `plan` for a new one. */
async function settlePlan({ storage, plan }: AblationOptions): Promise<AblationPlan> {
  const known = (await readJson(storage, planFile)) as AblationPlan | undefined
  if (known && known.schemaVersion !== 1)
    throw new InputError(
      `The ablation was begun by another version (schema version ${String(known.schemaVersion)}; 1 is expected); choose another folder.`,
    )
  if (!known) await writeJson(storage, planFile, plan)
  return known ?? plan
}

function settingsOf(
  variant: Variant,
  plan: AblationPlan,
  seed: number,
  source: CaseSource,
): PretrainSettings {
  return {
    preset: 'demo',
    recipe: ablationRecipe,
    options: optionsOf(variant, plan, seed),
    plan: planCrops(ablationRecipe, memoryBytes, source),
    caseCount: source.count,
    data: ['phantom:train'],
    memoryBytes,
  }
}

/** Pretrains until the run is finished or `msLeft` are over. @returns whether it is finished. */
async function pretrain(
  options: AblationOptions,
  variant: Variant,
  plan: AblationPlan,
  seed: number,
  msLeft: number,
): Promise<boolean> {
  const { runtime, environment, onNotice } = options
  const storage = options.runStorage(runName(variant, seed))
  const source = phantomSource('train', 'lungs')
  const control = new RunControl()
  const timer = setTimeout(() => control.stop(), msLeft)
  try {
    const end = await performPretraining({
      storage,
      settings: (await readConfig(storage)) ? undefined : settingsOf(variant, plan, seed, source),
      source,
      places: { openGpu: () => Promise.resolve(undefined), openCpu: () => Promise.resolve(runtime) },
      environment,
      control,
      saveEvery: 25,
      onNotice,
    })
    return end === 'finished'
  } finally {
    clearTimeout(timer)
  }
}

async function studentOf(
  options: AblationOptions,
  variant: Variant,
  plan: AblationPlan,
  seed: number,
): Promise<ParameterValues> {
  const run = optionsOf(variant, plan, seed)
  if (variant.changes === null) return startState(ablationRecipe, run).groups.student
  const shapes = flattenState(stateShapes(ablationRecipe, run))
  const saved = await loadState(options.runStorage(runName(variant, seed)), shapes)
  const prefix = 'student.'
  return Object.fromEntries(
    Object.entries(saved!.tensors).flatMap(([name, values]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), values]] : [],
    ),
  )
}

async function probe(
  options: AblationOptions,
  variant: Variant,
  plan: AblationPlan,
  seed: number,
  data: ProbeData,
): Promise<RunScores> {
  const parameters = await studentOf(options, variant, plan, seed)
  const config = configFor(ablationRecipe.config, optionsOf(variant, plan, seed))
  const featuresOf = async (cases: readonly ProbeCase[]) => {
    const crops = cases.map(({ crop }) => crop)
    const rows = await imageFeatures(crops, ablationRecipe.cropShape, config, parameters, options.runtime)
    return { rows, cases }
  }
  const phantom = probeAcross(await featuresOf(data.learn), await featuresOf(data.judge), seed)
  const cubes = data.cubes.length === 0 ? null : probeWithin(await featuresOf(data.cubes), folds, seed)
  return { phantom, cubes }
}

export interface JudgedCases {
  readonly phantom: readonly LabelledCase[]
  readonly cubes: readonly LabelledCase[]
}

/** Undefined until the first probe was made. */
export async function readJudgedCases(storage: RunStorage): Promise<JudgedCases | undefined> {
  return (await readJson(storage, casesFile)) as JudgedCases | undefined
}

/** Paints and reads what is judged, and notes its labels. */
async function openProbeData(
  { storage, probeData }: AblationOptions,
  plan: AblationPlan,
): Promise<ProbeData> {
  const data = await probeData(plan)
  const labels = (cases: readonly ProbeCase[]): LabelledCase[] =>
    cases.map(({ group, isMalignant, volumeMm3, isIndeterminate }) => ({
      ...{ group, isMalignant, volumeMm3, isIndeterminate },
    }))
  await writeJson(storage, casesFile, { phantom: labels(data.judge), cubes: labels(data.cubes) })
  return data
}

/** Whether all updates of a run were made before. */
async function isFinished(storage: RunStorage): Promise<boolean> {
  const config = await readConfig(storage)
  const pointer = (await readJson(storage, 'latest.json')) as { step?: number } | undefined
  return config !== undefined && pointer?.step === config.options.steps
}

/** What the last tenth of a run's history says, for the report. */
export interface RunEnding {
  readonly amip: number
  readonly amipOfMean: number
  readonly featureSpread: number
}

export async function readEnding(storage: RunStorage): Promise<RunEnding | undefined> {
  const rows = await readHistory<PretrainRow>(storage)
  const last = rows.slice(-Math.max(1, Math.floor(rows.length / 10)))
  if (last.length === 0) return undefined
  const mean = (value: (row: PretrainRow) => number) =>
    last.reduce((sum, row) => sum + value(row), 0) / last.length
  return {
    amip: mean(row => row.losses.amip ?? NaN),
    amipOfMean: mean(row => row.amipOfMean ?? NaN),
    featureSpread: mean(row => row.featureSpread),
  }
}

export function scoresFile(variant: Variant, seed: number): string {
  return `probe-${runName(variant, seed)}.json`
}

/**
 * Works until everything is done or the minutes are over; a probe that has begun is finished.
 * @returns the plan, and whether all is done.
 */
export async function performAblation(options: AblationOptions) {
  const deadline = performance.now() + options.minutes * 60_000
  const plan = await settlePlan(options)
  let data: ProbeData | undefined
  const isLate = () => performance.now() >= deadline
  for (let seed = 1; seed <= plan.seeds; seed++)
    for (const variant of variants) {
      const file = scoresFile(variant, seed)
      if (await options.storage.read(file)) continue
      if (isLate()) return { plan, isDone: false }
      const name = runName(variant, seed)
      if (variant.changes !== null && !(await isFinished(options.runStorage(name)))) {
        options.onNotice(
          `${name}: pretraining, ${Math.ceil((deadline - performance.now()) / 60_000)} min left`,
        )
        if (!(await pretrain(options, variant, plan, seed, deadline - performance.now())))
          return { plan, isDone: false }
      }
      options.onNotice(`${name}: probing`)
      data ??= await openProbeData(options, plan)
      await writeJson(options.storage, file, await probe(options, variant, plan, seed, data))
    }
  return { plan, isDone: true }
}
