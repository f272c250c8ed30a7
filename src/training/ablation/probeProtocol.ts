// How features are judged: a logistic regression on a share of the labels, its penalty chosen on those labels alone, and
// scores for cases that it has not seen. Shares are nested and follow from the seed, so that every way of pretraining is
// given the same labels.
import { Random } from '../../phantom/random.ts'
import { fitWithPenalty } from '../fitClasses.ts'
import { fitLogistic, scoreOf, type FeatureTable, type LinearModel } from '../probe.ts'

/** A case without its image. */
export interface LabelledCase {
  /** Patient or phantom: what is drawn as a whole when intervals are estimated. */
  readonly group: string
  readonly isMalignant: boolean
  /** Volume in mm³: what size alone says. */
  readonly volumeMm3: number
  /** The reader could not decide (malignancy 3 of 5). */
  readonly isIndeterminate: boolean
}

/** Shares of the labels, in percent. */
export const labelShares = [25, 50, 100] as const
export type LabelShare = (typeof labelShares)[number]

/** Scores of the judged cases, in their order, by share of labels. */
export type ProbeScores = Readonly<Record<LabelShare, readonly number[]>>

const penalties = [10, 100, 1000]

/** Fold of each case: all cases of a group in one, classes spread evenly over the folds where a group is one case. */
export function foldsOf(cases: readonly LabelledCase[], folds: number, seed: number): number[] {
  const groups = [...new Set(cases.map(({ group }) => group))]
  const random = new Random(seed, 7001)
  const isMalignant = (group: string) => cases.some(one => one.group === group && one.isMalignant)
  const drawn = random.shuffled(groups)
  const order = [...drawn.filter(isMalignant), ...drawn.filter(group => !isMalignant(group))]
  const foldOfGroup = new Map(order.map((group, at) => [group, at % folds]))
  return cases.map(({ group }) => foldOfGroup.get(group)!)
}

/** The first `share` percent of the cases of each class in an order that the seed draws; at least two of each. */
export function drawShare(cases: readonly LabelledCase[], share: LabelShare, seed: number): number[] {
  const order = new Random(seed, 7002).shuffled(cases.keys())
  return [true, false].flatMap(isMalignant => {
    const ofClass = order.filter(at => cases[at].isMalignant === isMalignant)
    return ofClass.slice(0, Math.max(2, Math.round((ofClass.length * share) / 100)))
  })
}

function tableOf(rows: readonly Float32Array[], cases: readonly LabelledCase[], picked: readonly number[]) {
  return {
    width: rows[0].length,
    rows: picked.map(at => rows[at]),
    labels: picked.map(at => Number(cases[at].isMalignant)),
  }
}

/** The penalty whose models rank left-out quarters of the table best, then the model on all of it. */
function fitProbe(table: FeatureTable): LinearModel {
  const quarters = table.rows.map((_, at) => at % 4)
  return fitLogistic(table, fitWithPenalty(table, 2, quarters, penalties).penalty)
}

/** Alternates the classes, so that every quarter of a table has both. */
function mixed(picked: readonly number[], cases: readonly LabelledCase[]): number[] {
  const rank = new Map<number, number>()
  for (const isMalignant of [true, false]) {
    const ofClass = picked.filter(at => cases[at].isMalignant === isMalignant)
    ofClass.forEach((at, i) => rank.set(at, (i + 0.5) / ofClass.length))
  }
  return [...picked].sort((a, b) => rank.get(a)! - rank.get(b)!)
}

interface Features {
  readonly rows: readonly Float32Array[]
  readonly cases: readonly LabelledCase[]
}

function eachShare(scores: (share: LabelShare) => number[]): ProbeScores {
  return Object.fromEntries(labelShares.map(share => [share, scores(share)])) as unknown as ProbeScores
}

/** Learns on one set and scores another. */
export function probeAcross(learn: Features, judge: Features, seed: number): ProbeScores {
  return eachShare(share => {
    const picked = mixed(drawShare(learn.cases, share, seed), learn.cases)
    const model = fitProbe(tableOf(learn.rows, learn.cases, picked))
    return judge.rows.map(row => scoreOf(model, row))
  })
}

/** Scores each case by a model of the other folds' labels. */
export function probeWithin({ rows, cases }: Features, folds: number, seed: number): ProbeScores {
  const fold = foldsOf(cases, folds, seed)
  return eachShare(share => {
    const scores = new Array<number>(cases.length)
    for (let held = 0; held < folds; held++) {
      const others = cases.flatMap((_, at) => (fold[at] === held ? [] : [at]))
      const drawn = drawShare(
        others.map(at => cases[at]),
        share,
        seed,
      ).map(at => others[at])
      const model = fitProbe(tableOf(rows, cases, mixed(drawn, cases)))
      cases.forEach((_, at) => {
        if (fold[at] === held) scores[at] = scoreOf(model, rows[at])
      })
    }
    return scores
  })
}
