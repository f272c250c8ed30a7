// What was said of the cases that a model had not seen, as rows of numbers that a save can hold, and as what judges read.
import type { ParameterShapes, ParameterValues } from '../../network/parameters.ts'
import type { Triple } from '../../base/shape.ts'
import type { CropCase } from '../labelled/cropSet.ts'
import type { MaskScore, ScoredClass, ScoredMask } from '../validation/scored.ts'
import { diceOverlap } from '../metrics.ts'

/** Numbers kept of a mask: Dice, volume error, surface distance. */
export const maskWidth = 3
/** Stands where there is nothing: no probability, Dice or distance is negative. */
const none = -1

/** Scores of all cases: `after` by the fold's model, `before` by the start model; rows of `width`. */
export class ScoreTable {
  readonly shapes: ParameterShapes
  readonly values: ParameterValues

  constructor(
    cases: number,
    private readonly width: number,
    saved?: ParameterValues,
  ) {
    this.shapes = { after: [cases, width], before: [cases, width] }
    const empty = () => new Float32Array(cases * width).fill(none)
    this.values = { after: saved?.after.slice() ?? empty(), before: saved?.before.slice() ?? empty() }
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
export function maskRow(predicted: Uint8Array, truth: Uint8Array, spacingMm: Triple): number[] {
  const { dice, volumeError, surfaceDistanceMm } = scoreMask(predicted, truth, spacingMm)
  return [dice, volumeError, surfaceDistanceMm ?? none]
}

function countOf(mask: Uint8Array): number {
  return mask.reduce((sum, inside) => sum + inside, 0)
}

function scoreMask(predicted: Uint8Array, truth: Uint8Array, _spacingMm: Triple): MaskScore {
  const [found, wanted] = [countOf(predicted), countOf(truth)]
  return {
    dice: diceOverlap(predicted, truth),
    volumeError: (found - wanted) / Math.max(1, wanted),
    surfaceDistanceMm: null,
  }
}

function toMaskScore(row: readonly number[] | null): MaskScore | null {
  if (!row) return null
  const [dice, volumeError, distance] = row
  return { dice, volumeError, surfaceDistanceMm: distance === none ? null : distance }
}

/** The cases that were judged, as classes. Probabilities sum to 1 to single precision. */
export function scoredClasses(table: ScoreTable, cases: readonly CropCase[]): ScoredClass[] {
  return cases.flatMap(({ patient, label, isIndeterminate, volumeMm3 }, at) => {
    const probabilities = table.row('after', at)
    if (!probabilities || label === null) return []
    return [{ patient, label, isIndeterminate, volumeMm3, probabilities, before: table.row('before', at), at }]
  })
}

/** The cases that were judged, as masks. */
export function scoredMasks(table: ScoreTable, cases: readonly CropCase[]): ScoredMask[] {
  return cases.flatMap(({ patient, volumeMm3 }, at) => {
    const after = toMaskScore(table.row('after', at))
    return after ? [{ patient, at, volumeMm3, after, before: toMaskScore(table.row('before', at)) }] : []
  })
}
