// What a fine-tuning run takes, before it starts: updates and memory. How long it takes is measured by its first updates.
import { elementCount } from '../../network/parameters.ts'
import { assumedLimits, forecastStep } from '../forecastStep.ts'
import { finetuneDefinition } from './definition.ts'
import { divideCases, usableCases } from './divide.ts'
import { partsOf, updatesOf } from './parts.ts'
import { probeSteps } from './probeUpdates.ts'
import type { CropSetFacts } from '../labelled/cropSetFile.ts'
import type { FinetuneSettings } from './settings.ts'
import { networkShapes, splitParameters } from './trained.ts'

export interface FinetuneForecast {
  /** Updates of the whole run; folds that stop early make fewer. */
  readonly updates: number
  /** Of a step on a GPU, exactly as it would be allocated; null for a probe, which trains nothing there. */
  readonly gpuBytes: number | null
  /** Of one save: weights, moments, averages, scores. */
  readonly saveBytes: number
  /** What there is to say about time. */
  readonly remark: string
}

/**
 * `known`: names of the parameters that the start model has; the others are trained in any case.
 * @throws DeviceMemoryError when a usual desktop GPU could not hold the step; InputError as `divideCases`.
 */
export function forecastFinetuning(
  settings: FinetuneSettings,
  crops: Pick<CropSetFacts, 'cases'>,
  known?: ReadonlySet<string>,
): FinetuneForecast {
  const { method, task, entry } = settings
  const parts = partsOf(divideCases(crops.cases, settings), settings)
  const remark = 'The time is measured by the first updates and shown from then on.'
  if (method === 'probe') {
    const updates = probeSteps(usableCases(crops.cases, task).length, parts.length)
    return { updates, gpuBytes: null, saveBytes: 4 * crops.cases.length * 12 * entry.config.embed, remark }
  }
  const shapes = networkShapes(task, entry)
  const fresh = new Set(Object.keys(shapes).filter(name => known && !known.has(name)))
  const values = Object.fromEntries(Object.keys(shapes).map(name => [name, new Float32Array(0)]))
  const split = splitParameters(shapes, { values, fresh }, settings)
  const { total } = forecastStep(finetuneDefinition(settings, split), assumedLimits.desktop)
  const trained = Object.values(split.trainedShapes).reduce((sum, shape) => sum + elementCount(shape), 0)
  const copies = settings.patience === null ? 4 : 5
  return { updates: updatesOf(parts), gpuBytes: total, saveBytes: 4 * copies * trained, remark }
}
