// What was said of the cases that a model had not seen, as rows of numbers that a save can hold, and as what judges read.
import type { ParameterShapes, ParameterValues } from '../../network/parameters.ts'
import type { Triple } from '../../base/shape.ts'
import type { CropCase } from '../labelled/cropSet.ts'
import type { MaskScore, ScoredClass, ScoredMask } from '../validation/scored.ts'
import { judgeMask } from '../validation/judgeMask.ts'
import type { FinetuneSettings } from './settings.ts'

/** Numbers kept of a mask: Dice, volume error, surface distance, Hausdorff distance. */
const maskWidth = 4
/** Stands where there is nothing: no probability, Dice or distance is below −1, nor is a volume error. */
const none = -2

/** Numbers of a row: those of a mask, or a probability for each class. */
export function scoreWidth({ task, entry }: Pick<FinetuneSettings, 'task' | 'entry'>): number {
  return task === 'segment' ? maskWidth : entry.config.n_classes
}

/** Scores of all cases: `after` by the fold's model, `before` by the start model; rows of `width`. */
export class ScoreTable {
  readonly shapes: ParameterShapes
  readonly values: ParameterValues

  constructor(
    cases: number,
    private readonly width: number,
    saved?: ParameterValues,
  ) {
    this.shapes = { after: [cases, width], before: [cases, width], threshold: [cases] }
    const empty = () => new Float32Array(cases * width).fill(none)
    this.values = { after: saved?.after.slice() ?? empty(), before: saved?.before.slice() ?? empty() }
    // Of two classes: from which probability on a case counts as the last one.
    this.values.threshold = saved?.threshold.slice() ?? new Float32Array(cases).fill(0.5)
  }

  set(which: 'after' | 'before', at: number, row: ArrayLike<number>): void {
    this.values[which].set(row, at * this.width)
  }

  row(which: 'after' | 'before', at: number): number[] | null {
    const row = [...this.values[which].subarray(at * this.width, (at + 1) * this.width)]
    return row[0] === none ? null : row
  }
}

/** A mask's score as a row; `predicted` and `truth` are [D,H,W] of the crop. */
export function maskRow(
  predicted: Uint8Array,
  truth: Uint8Array,
  shape: Triple,
  spacingMm: Triple,
): number[] {
  const score = judgeMask(predicted, truth, shape, spacingMm)
  const { dice, volumeError, surfaceDistanceMm, hausdorff95Mm } = score
  return [dice, volumeError ?? none, surfaceDistanceMm ?? none, hausdorff95Mm ?? none]
}

function toMaskScore(row: readonly number[] | null): MaskScore | null {
  if (!row) return null
  const [dice, ...others] = row
  const [volumeError, surfaceDistanceMm, hausdorff95Mm] = others.map(value => (value === none ? null : value))
  return { dice, volumeError, surfaceDistanceMm, hausdorff95Mm }
}

/** The cases that were judged, as classes. Probabilities sum to 1 to single precision. */
export function scoredClasses(table: ScoreTable, cases: readonly CropCase[]): ScoredClass[] {
  return cases.flatMap(({ patient, label, isIndeterminate, volumeMm3 }, at) => {
    const probabilities = table.row('after', at)
    if (!probabilities || label === null) return []
    const before = table.row('before', at)
    const threshold = probabilities.length === 2 ? { threshold: table.values.threshold[at] } : {}
    return [{ patient, label, isIndeterminate, volumeMm3, probabilities, before, at, ...threshold }]
  })
}

/** The cases that were judged, as masks. */
export function scoredMasks(table: ScoreTable, cases: readonly CropCase[]): ScoredMask[] {
  return cases.flatMap(({ patient, volumeMm3 }, at) => {
    const after = toMaskScore(table.row('after', at))
    return after ? [{ patient, at, volumeMm3, after, before: toMaskScore(table.row('before', at)) }] : []
  })
}
