// Pretraining as a run of the page: from what a reader chose to settings and cases, and from a folder on.
import { DeviceMemoryError, InputError } from '../base/errors.ts'
import { elementCount } from '../network/parameters.ts'
import { assumedLimits, forecastStep } from '../training/forecastStep.ts'
import { pretrainDefinition } from '../training/pretrain/definition.ts'
import { requireCropShape, requireOptions } from '../training/pretrain/options.ts'
import { performPretraining, planCrops } from '../training/pretrain/performPretraining.ts'
import { stateShapes } from '../training/pretrain/pretrainUpdates.ts'
import { pretrainRecipe, type PretrainRecipe } from '../training/pretrain/recipe.ts'
import { readConfig, type PretrainSettings } from '../training/pretrain/runRecord.ts'
import type { CaseSource } from '../training/pretrain/cases.ts'
import type { RunControl } from '../training/run/control.ts'
import type { RunEnd } from '../training/run/performRun.ts'
import type { RunStorage } from '../training/run/storage.ts'
import { describeParts, type DataPart } from './runs/runRecord.ts'
import { bundleRows, watchCollapse, type Report } from './runReporter.ts'
import { pagePlaces } from './trainPlaces.ts'
import type { PretrainWish, StepForecast } from './trainProtocol.ts'

/** @throws InputError when the crop or its spacing makes no run. */
export function recipeOf({ preset, cropSide, spacingMm }: PretrainWish): PretrainRecipe {
  const recipe = pretrainRecipe(preset)
  if (spacingMm !== null && !(spacingMm >= 0.1 && spacingMm <= 20))
    throw new InputError(`The spacing is ${spacingMm} mm; a spacing from 0.1 to 20 mm is expected.`)
  const chosen: PretrainRecipe = {
    ...recipe,
    ...(cropSide !== null && { cropShape: [cropSide, cropSide, cropSide] }),
    ...(spacingMm !== null && { spacingMm: [spacingMm, spacingMm, spacingMm] }),
  }
  requireCropShape(chosen.cropShape)
  return chosen
}

/** @throws InputError in a sentence for what makes no run, before any volume is read. */
export function requireWish(wish: PretrainWish): PretrainRecipe {
  requireOptions(wish.options)
  return recipeOf(wish)
}

export function settingsOf(
  wish: PretrainWish,
  parts: readonly DataPart[],
  source: CaseSource,
): PretrainSettings {
  const recipe = recipeOf(wish)
  const { preset, options, memoryBytes } = wish
  const plan = planCrops(recipe, memoryBytes, source)
  return { preset, recipe, options, plan, caseCount: source.count, data: describeParts(parts), memoryBytes }
}

export interface RunPlace {
  readonly storage: RunStorage
  readonly control: RunControl
  readonly saveEvery: number
  readonly report: Report
}

/** Runs to the end; `settings` of a new run, undefined for one that goes on. */
export async function runPretraining(
  settings: PretrainSettings | undefined,
  source: CaseSource,
  { storage, control, saveEvery, report }: RunPlace,
): Promise<RunEnd> {
  const { places, environment } = pagePlaces()
  const bundle = bundleRows(report)
  const watch = watchCollapse(report)
  report({ kind: 'stage', stage: 'Compiling the update', done: 0, total: 1 })
  try {
    return await performPretraining({
      ...{ storage, settings, source, places, environment, control, saveEvery },
      onNotice: text => report({ kind: 'notice', text }),
      onStart(rows, { options }, label) {
        report({ kind: 'started', rows, steps: options.steps, label })
        watch(rows)
      },
      onRow(row) {
        bundle.add(row)
        watch([row])
      },
      onSaved: step => report({ kind: 'saved', step }),
    })
  } finally {
    bundle.flush()
  }
}

/** The crop that a run's volumes must hold. @throws InputError when its record is damaged or gone. */
export async function extentOf(storage: RunStorage) {
  const known = await readConfig(storage)
  if (!known)
    throw new InputError('This run was not yet begun when it was left; delete it and begin a new one.')
  return { shape: known.recipe.cropShape, spacingMm: known.recipe.spacingMm }
}

/** What the step takes on a GPU, without one. @throws InputError as `requireWish`. */
export function forecastPretraining(wish: PretrainWish): StepForecast {
  const recipe = requireWish(wish)
  const { options } = wish
  const shapes = stateShapes(recipe, options)
  const accumulated = options.accumulate > 1 && { gradients: shapes.student, answers: shapes.centres }
  const definition = pretrainDefinition({ ...shapes, ...accumulated }, recipe, options)
  const count = (group: Readonly<Record<string, readonly number[]>>) =>
    Object.values(group).reduce((sum, shape) => sum + elementCount(shape), 0)
  const forecastOn = (name: keyof typeof assumedLimits) => {
    try {
      return forecastStep(definition, assumedLimits[name]).total
    } catch (error) {
      if (error instanceof DeviceMemoryError) return null
      throw error
    }
  }
  const gpuBytes = forecastOn('desktop')
  return {
    parameters: count(shapes.student),
    stateBytes: 4 * Object.values(shapes).reduce((sum, group) => sum + count(group), 0),
    gpuBytes,
    fitsEveryGpu: gpuBytes !== null && forecastOn('default') !== null,
  }
}
