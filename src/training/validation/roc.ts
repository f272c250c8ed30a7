// The ROC curve of two classes and the area under it, for cases that count by weights: sorted once, walked for every draw.
import type { RocCurve, RocPoint } from './report.ts'
import { percentileInterval, type Resampling, type Statistic } from './resampling.ts'

/** Steps of 1 − specificity at which the band is given. */
const bandSteps = 50

/** Area under the ROC curve (Mann–Whitney, ties half); NaN where the weights leave a class empty. */
export function aucStatistic(scores: readonly number[], isPositive: readonly boolean[]): Statistic {
  const groups = tiedGroups(scores)
  return weights => {
    let [below, positives, pairs] = [0, 0, 0]
    for (const group of groups) {
      let [up, down] = [0, 0]
      for (const i of group) {
        if (isPositive[i]) up += weights[i]
        else down += weights[i]
      }
      pairs += up * (below + down / 2)
      positives += up
      below += down
    }
    return pairs / (positives * below)
  }
}

/** Cases with equal scores together, lowest first. */
function tiedGroups(scores: readonly number[]): number[][] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a] - scores[b])
  const groups: number[][] = []
  for (const i of order) {
    const last = groups.at(-1)
    if (last && scores[last[0]] === scores[i]) last.push(i)
    else groups.push([i])
  }
  return groups
}

/** Null where a class is missing. */
export function rocCurve(
  scores: readonly number[],
  isPositive: readonly boolean[],
  resampling: Resampling,
): RocCurve | null {
  const groups = tiedGroups(scores).reverse()
  const walk = (weights: ArrayLike<number>): RocPoint[] | null => {
    let [hits, falls] = [0, 0]
    const counts = groups.map(group => {
      for (const i of group) {
        if (isPositive[i]) hits += weights[i]
        else falls += weights[i]
      }
      return { hits, falls, threshold: scores[group[0]] }
    })
    if (hits === 0 || falls === 0) return null
    return [
      { falsePositiveRate: 0, sensitivity: 0, threshold: null },
      ...counts.map(count => ({
        falsePositiveRate: count.falls / falls,
        sensitivity: count.hits / hits,
        threshold: count.threshold,
      })),
    ]
  }
  const points = walk(new Uint16Array(scores.length).fill(1))
  if (!points) return null
  return { points, band: bandOf(resampling.weights.map(walk)) }
}

function bandOf(curves: readonly (readonly RocPoint[] | null)[]): RocCurve['band'] {
  const sampled = curves.map(curve => curve && sensitivities(curve))
  return Array.from({ length: bandSteps + 1 }, (_, step) => {
    const interval = percentileInterval(sampled.map(curve => (curve ? curve[step] : NaN)))
    return interval ? [{ falsePositiveRate: step / bandSteps, low: interval[0], high: interval[1] }] : []
  }).flat()
}

/** Sensitivity at each step of the band: the upper end of a rise, straight between two points. */
function sensitivities(curve: readonly RocPoint[]): Float64Array {
  const values = new Float64Array(bandSteps + 1)
  let at = 0
  for (let step = 0; step <= bandSteps; step++) {
    const rate = step / bandSteps
    while (at + 1 < curve.length && curve[at + 1].falsePositiveRate <= rate) at++
    const [from, to] = [curve[at], curve[at + 1]]
    if (!to) values[step] = from.sensitivity
    else {
      const share = (rate - from.falsePositiveRate) / (to.falsePositiveRate - from.falsePositiveRate)
      values[step] = from.sensitivity + share * (to.sensitivity - from.sensitivity)
    }
  }
  return values
}

/**
 * The probability from which on to call a case positive, by Youden's index (sensitivity + specificity − 1) of the cases
 * given, which must be training cases; halfway to the next lower score, so that it does not stand on a case. 0.5 where a
 * class is missing. Source: Youden 1950.
 */
export function chooseThreshold(probabilities: readonly number[], isPositive: readonly boolean[]): number {
  const groups = tiedGroups(probabilities).reverse()
  const positives = isPositive.filter(Boolean).length
  const negatives = isPositive.length - positives
  if (positives === 0 || negatives === 0 || probabilities.some(Number.isNaN)) return 0.5
  let [hits, falls, best, threshold] = [0, 0, 0, 0.5]
  groups.forEach((group, at) => {
    for (const i of group) {
      if (isPositive[i]) hits++
      else falls++
    }
    const index = hits / positives - falls / negatives
    if (index <= best || at + 1 === groups.length) return
    best = index
    threshold = (probabilities[group[0]] + probabilities[groups[at + 1][0]]) / 2
  })
  return threshold
}
