// The parts of a run, one after the other: the folds, then the kept model. Which part, epoch and pass an update belongs
// to follows from its number.
import { warmupCosine } from '../schedules.ts'
import type { Divided, Division } from './divide.ts'
import type { FinetuneStage } from './figures.ts'
import type { FinetuneSettings } from './settings.ts'

export interface Part {
  readonly stage: Exclude<FinetuneStage, 'features'>
  readonly fold: number
  readonly division: Division
  /** Number of its first update. */
  readonly first: number
  readonly updatesPerEpoch: number
  /** At most: a part may end early. */
  readonly updates: number
}

export interface UpdatePlace {
  readonly part: Part
  /** Index among the parts. */
  readonly index: number
  readonly epoch: number
  /** 0-based, within the part. */
  readonly update: number
  readonly endsEpoch: boolean
}

/** The parts in their order; `updatesOf` gives the updates of an epoch on so many cases. */
export function partsOf(divided: Divided, { epochs, batch, accumulate }: FinetuneSettings): Part[] {
  const folds = divided.folds.map((division, fold) => ({ stage: 'fold' as const, fold, division }))
  const { final } = divided
  const kept = final ? [{ stage: 'final' as const, fold: folds.length, division: final }] : []
  let first = 0
  return [...folds, ...kept].map(part => {
    const updatesPerEpoch = Math.ceil(part.division.train.length / (batch * accumulate))
    const updates = epochs * updatesPerEpoch
    const placed = { ...part, first, updatesPerEpoch, updates }
    first += updates
    return placed
  })
}

export function updatesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { updates }) => sum + updates, 0)
}

export function placeOf(parts: readonly Part[], step: number): UpdatePlace {
  const index = parts.findIndex(({ first, updates }) => step < first + updates)
  const part = parts[index]
  const update = step - part.first
  const epoch = Math.floor(update / part.updatesPerEpoch)
  return { part, index, epoch, update, endsEpoch: (update + 1) % part.updatesPerEpoch === 0 }
}

/** The first update moves, and the last one still does. */
export function learningRateAt({ part, update }: UpdatePlace, settings: FinetuneSettings): number {
  const warmup = Math.min(settings.warmupSteps, Math.floor(part.updates / 4))
  return warmupCosine(update + 1, settings.learningRate, warmup, part.updates + 1)
}
