// Classes that a model gave to cases it had not seen, judged: beside the start model, beside size alone, with and without
// the cases that the reader could not decide.
import {
  aucOfAnswers,
  balancedAccuracyOf,
  brierStatistic,
  callClass,
  classFigures,
  type Answers,
} from './classFigures.ts'
import { compare, type Sides } from './compare.ts'
import { classRemarks } from './remarks.ts'
import {
  researchNotice,
  type ClassReport,
  type ClassSet,
  type Compared,
  type Comparison,
  type WorstClass,
} from './report.ts'
import { estimate, resample, type Resampling, type Statistic } from './resampling.ts'
import { aucStatistic, rocCurve } from './roc.ts'
import type { ScoredClass } from './scored.ts'
import { compareShares, type ShareOf } from './shares.ts'

export interface JudgeOptions<Scored> {
  readonly compared: Compared
  /** The share of the labels that the judged model learnt from, and models of other shares on the same cases. */
  readonly labelShare?: number
  readonly shares?: readonly ShareOf<Scored>[]
  readonly draws?: number
  readonly seed?: number
}

const worstCount = 12

/**
 * @param scored each case once, by a model that has not seen its patient. Cases whose label or probabilities are not what
 *   `classes` asks for are left out, and a remark counts them.
 */
export function judgeClasses(
  scored: readonly ScoredClass[],
  options: JudgeOptions<ScoredClass> & { readonly classes: readonly string[] },
): ClassReport {
  const { classes, compared, labelShare = 1, shares = [], draws = 2000, seed = 1 } = options
  const cases = scored.filter(one => isReadable(one, classes.length))
  const decided = cases.filter(({ isIndeterminate }) => !isIndeterminate)
  const judgeSet = (which: ClassSet['which'], members: readonly ScoredClass[]) =>
    judgeOneSet(which, members, classes.length, compared, draws, seed)
  const sets = [judgeSet('all', cases)]
  if (decided.length < cases.length) sets.push(judgeSet('decided', decided))
  return {
    schemaVersion: 1,
    kind: 'classes',
    notice: researchNotice,
    compared,
    classes,
    threshold: describeThreshold(cases, classes.length),
    bootstrap: { draws, seed },
    sets,
    worst: worstOf(cases),
    shares: compareShares(
      { share: labelShare, scored: cases },
      shares.map(({ share, scored: of }) => ({
        share,
        scored: of.filter(one => isReadable(one, classes.length)),
      })),
      members => aucOfAnswers(answersOf(members, classes.length)),
      { draws, seed },
    ),
    remarks: classRemarks(cases, scored.length - cases.length, classes, compared, sets),
  }
}

function isReadable({ label, probabilities }: ScoredClass, classCount: number): boolean {
  return (
    Number.isInteger(label) && label >= 0 && label < classCount && isDistribution(probabilities, classCount)
  )
}

function isDistribution(probabilities: readonly number[], classCount: number): boolean {
  return probabilities.length === classCount && probabilities.every(p => p >= 0 && p <= 1 + 1e-6)
}

function answersOf(cases: readonly ScoredClass[], classCount: number): Answers {
  return {
    labels: cases.map(({ label }) => label),
    classCount,
    probabilities: cases.map(({ probabilities }) => probabilities),
    called: cases.map(calledClass),
  }
}

/** Null where the start model has not answered for every case. */
function answersBefore(cases: readonly ScoredClass[], classCount: number): Answers | null {
  const probabilities = cases.flatMap(({ before }) =>
    before && isDistribution(before, classCount) ? [before] : [],
  )
  if (cases.length === 0 || probabilities.length < cases.length) return null
  const called = probabilities.map(p => callClass(p, 0.5))
  return { labels: cases.map(({ label }) => label), classCount, probabilities, called }
}

/** The threshold of the case's own fold, or one half. */
function calledClass({ probabilities, threshold = 0.5 }: ScoredClass): number {
  return callClass(probabilities, threshold)
}

function describeThreshold(cases: readonly ScoredClass[], classCount: number): ClassReport['threshold'] {
  if (classCount !== 2) return { origin: 'likeliest', range: null }
  const used = cases.flatMap(({ threshold }) => (threshold === undefined ? [] : [threshold]))
  if (used.length === 0) return { origin: 'half', range: [0.5, 0.5] }
  return { origin: 'training', range: [Math.min(...used), Math.max(...used)] }
}

function judgeOneSet(
  which: ClassSet['which'],
  cases: readonly ScoredClass[],
  classCount: number,
  compared: Compared,
  draws: number,
  seed: number,
): ClassSet {
  const resampling = resample(
    cases.map(({ patient }) => patient),
    draws,
    seed,
  )
  const after = answersOf(cases, classCount)
  const before = answersBefore(cases, classCount)
  const size = sizeScores(cases, classCount)
  const isPositive = after.labels.map(label => label === 1)
  return {
    which,
    cases: cases.length,
    patients: resampling.patients,
    casesByClass: Array.from(
      { length: classCount },
      (_, index) => after.labels.filter(label => label === index).length,
    ),
    after: classFigures(after, resampling),
    before: before && classFigures(before, resampling),
    size: size && {
      auc: estimate(aucStatistic(size, isPositive), resampling),
      roc: rocCurve(size, isPositive, resampling),
    },
    comparisons: [
      ...(before ? againstStart(after, before, resampling, compared) : []),
      ...(size ? againstSize(after, aucStatistic(size, isPositive), resampling, compared) : []),
    ],
  }
}

/** Volumes as scores of the last class; null beyond two classes and where one is missing. */
function sizeScores(cases: readonly ScoredClass[], classCount: number): number[] | null {
  const volumes = cases.flatMap(({ volumeMm3 }) =>
    volumeMm3 !== null && Number.isFinite(volumeMm3) ? [volumeMm3] : [],
  )
  return classCount === 2 && cases.length > 0 && volumes.length === cases.length ? volumes : null
}

function againstStart(
  after: Answers,
  before: Answers,
  resampling: Resampling,
  compared: Compared,
): Comparison[] {
  const sides: Sides = {
    after: compared.after,
    rival: 'start',
    rivalName: compared.before ?? 'the start model',
    cases: resampling.cases,
    patients: resampling.patients,
  }
  const measured: readonly [Comparison['measure'], (answers: Answers) => Statistic][] = [
    ['AUC', aucOfAnswers],
    ['balanced accuracy', balancedAccuracyOf],
    ['Brier score', brierStatistic],
  ]
  return measured.flatMap(([measure, of]) => compare(measure, of(after), of(before), resampling, sides) ?? [])
}

function againstSize(
  after: Answers,
  size: Statistic,
  resampling: Resampling,
  compared: Compared,
): Comparison[] {
  const { cases, patients } = resampling
  const sides: Sides = { after: compared.after, rival: 'size', rivalName: 'size alone', cases, patients }
  return [compare('AUC', aucOfAnswers(after), size, resampling, sides) ?? []].flat()
}

/** Most confident wrong first. */
function worstOf(cases: readonly ScoredClass[]): WorstClass[] {
  return cases
    .map(one => ({
      at: one.at,
      label: one.label,
      called: calledClass(one),
      probability: one.probabilities[one.label],
      isIndeterminate: one.isIndeterminate,
    }))
    .filter(({ called, label }) => called !== label)
    .sort((a, b) => a.probability - b.probability)
    .slice(0, worstCount)
}
