// How many updates a run makes at most, from its settings and its cases.
import type { CropCase } from '../labelled/cropSet.ts'
import { divideCases, usableCases } from './divide.ts'
import { partsOf, updatesOf } from './parts.ts'
import { probeSteps } from './probeUpdates.ts'
import type { FinetuneSettings } from './settings.ts'

/** Folds that stop early make fewer. @throws InputError when the cases cannot be divided so. */
export function stepsOf(settings: FinetuneSettings, cases: readonly CropCase[]): number {
  const parts = partsOf(divideCases(cases, settings), settings)
  if (settings.method !== 'probe') return updatesOf(parts)
  return probeSteps(usableCases(cases, settings.task).length, parts.length)
}
