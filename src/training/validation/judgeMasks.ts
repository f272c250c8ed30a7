// Masks that a model drew of lesions it had not seen, judged beside the start model.
import { compare, type Sides } from './compare.ts'
import type { JudgeOptions } from './judgeClasses.ts'
import { maskRemarks } from './remarks.ts'
import {
  researchNotice,
  type Comparison,
  type Compared,
  type MaskFigures,
  type MaskReport,
  type WorstMask,
} from './report.ts'
import { estimate, meanOf, resample, type Resampling } from './resampling.ts'
import type { MaskScore, ScoredMask } from './scored.ts'
import { compareShares } from './shares.ts'

const worstCount = 12

/** @param scored each case once, by a model that has not seen its patient. */
export function judgeMasks(
  scored: readonly ScoredMask[],
  { compared, labelShare = 1, shares = [], draws = 2000, seed = 1 }: JudgeOptions<ScoredMask>,
): MaskReport {
  const cases = scored.filter(isReadable)
  const resampling = resample(
    cases.map(({ patient }) => patient),
    draws,
    seed,
  )
  const afterScores = cases.map(({ after }) => after)
  const beforeScores = cases.flatMap(({ before }) => before ?? [])
  const hasBefore = cases.length > 0 && beforeScores.length === cases.length
  const after = maskFigures(afterScores, resampling)
  return {
    schemaVersion: 1,
    kind: 'masks',
    notice: researchNotice,
    compared,
    bootstrap: { draws, seed },
    cases: cases.length,
    patients: resampling.patients,
    after,
    before: hasBefore ? maskFigures(beforeScores, resampling) : null,
    comparisons: hasBefore ? againstStart(cases, afterScores, beforeScores, resampling, compared) : [],
    worst: worstOf(cases),
    shares: compareShares(
      { share: labelShare, scored: cases },
      shares.map(({ share, scored: of }) => ({ share, scored: of.filter(isReadable) })),
      members => meanOf(members.map(({ after: { dice } }) => dice)),
      { draws, seed },
    ),
    remarks: maskRemarks(
      cases.length,
      resampling.patients,
      scored.length - cases.length,
      compared,
      after,
      hasBefore,
    ),
  }
}

function isReadable({ after, before }: ScoredMask): boolean {
  return Number.isFinite(after.dice) && (before === null || Number.isFinite(before.dice))
}

const known = (value: number | null) => (value !== null && Number.isFinite(value) ? value : null)
const magnitude = (value: number | null) => (value === null ? null : Math.abs(value))

function maskFigures(scores: readonly MaskScore[], resampling: Resampling): MaskFigures {
  const mean = (of: (score: MaskScore) => number | null) =>
    estimate(meanOf(scores.map(score => known(of(score)))), resampling)
  return {
    dice: mean(({ dice }) => dice),
    volumeError: mean(({ volumeError }) => volumeError),
    absoluteVolumeError: mean(({ volumeError }) => magnitude(volumeError)),
    surfaceDistanceMm: mean(({ surfaceDistanceMm }) => surfaceDistanceMm),
    hausdorff95Mm: mean(({ hausdorff95Mm }) => hausdorff95Mm),
    withoutSurface: scores.filter(({ surfaceDistanceMm }) => known(surfaceDistanceMm) === null).length,
  }
}

/** Means over the cases where both have a value, so that nobody gains by drawing nothing in a hard one. */
function againstStart(
  cases: readonly ScoredMask[],
  after: readonly MaskScore[],
  before: readonly MaskScore[],
  resampling: Resampling,
  compared: Compared,
): Comparison[] {
  const compareBy = (measure: Comparison['measure'], of: (score: MaskScore) => number | null) => {
    const pairs = after.map((score, i) => [known(of(score)), known(of(before[i]))] as const)
    const common = pairs.map(pair => (pair.includes(null) ? ([null, null] as const) : pair))
    const counted = cases.filter((_, i) => common[i][0] !== null)
    const sides: Sides = {
      after: compared.after,
      rival: 'start',
      rivalName: compared.before ?? 'the start model',
      cases: counted.length,
      patients: new Set(counted.map(({ patient }) => patient)).size,
    }
    const [own, other] = [0, 1].map(side => meanOf(common.map(pair => pair[side])))
    return compare(measure, own, other, resampling, sides) ?? []
  }
  return [
    compareBy('Dice', ({ dice }) => dice),
    compareBy('absolute volume error', ({ volumeError }) => magnitude(volumeError)),
    compareBy('surface distance', ({ surfaceDistanceMm }) => surfaceDistanceMm),
  ].flat()
}

function worstOf(cases: readonly ScoredMask[]): WorstMask[] {
  return cases
    .map(({ at, after, before }) => ({ at, dice: after.dice, before: before?.dice ?? null }))
    .sort((a, b) => a.dice - b.dice)
    .slice(0, worstCount)
}
