// What a model is judged by: area under the ROC curve, overlap, and LUNA16's rule of what counts as found; each with a
// bootstrap interval. Plain numbers in, plain numbers out.

export interface Interval {
  readonly value: number
  /** 95 % percentile bootstrap. */
  readonly low: number
  readonly high: number
}

/** Area under the ROC curve by ranks (Mann–Whitney), ties counted half. NaN when a class or a score is missing. */
export function areaUnderRoc(scores: readonly number[], isPositive: readonly boolean[]): number {
  if (scores.some(Number.isNaN)) return NaN
  const order = scores.map((_, i) => i).sort((a, b) => scores[a] - scores[b])
  const ranks = new Float64Array(scores.length)
  for (let start = 0; start < order.length;) {
    let end = start
    while (end + 1 < order.length && scores[order[end + 1]] === scores[order[start]]) end++
    for (let i = start; i <= end; i++) ranks[order[i]] = (start + end) / 2 + 1
    start = end + 1
  }
  let positives = 0
  let rankSum = 0
  isPositive.forEach((positive, i) => {
    if (!positive) return
    positives++
    rankSum += ranks[i]
  })
  const negatives = scores.length - positives
  if (positives === 0 || negatives === 0) return NaN
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** 2|A∩B| / (|A| + |B|) of two masks; 1 when both are empty. */
export function diceOverlap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let both = 0
  let sum = 0
  for (let i = 0; i < a.length; i++) {
    const [inA, inB] = [a[i] !== 0, b[i] !== 0]
    if (inA && inB) both++
    sum += Number(inA) + Number(inB)
  }
  return sum === 0 ? 1 : (2 * both) / sum
}

type Point = readonly [number, number, number]

export interface TrueNodule {
  readonly centreRasMm: Point
  readonly radiusMm: number
}

export interface MatchedFindings {
  /** For each true nodule, the index of the first finding whose centre lies within its radius, or −1. */
  readonly findingOfNodule: readonly number[]
  /** Indices of findings that lie in no nodule; further hits on a nodule are in neither list. */
  readonly falsePositives: readonly number[]
}

/** LUNA16's rule: a finding is a hit when its centre lies within the true nodule's radius. */
export function matchFindings(
  nodules: readonly TrueNodule[],
  centresRasMm: readonly Point[],
): MatchedFindings {
  const isInside = (nodule: TrueNodule, centre: Point) =>
    Math.hypot(...nodule.centreRasMm.map((value, axis) => value - centre[axis])) <= nodule.radiusMm
  const findingOfNodule = nodules.map(nodule => centresRasMm.findIndex(centre => isInside(nodule, centre)))
  const falsePositives = centresRasMm.flatMap((centre, i) =>
    nodules.some(nodule => isInside(nodule, centre)) ? [] : [i],
  )
  return { findingOfNodule, falsePositives }
}

/** A reproducible stream of numbers in [0, 1) for resampling (mulberry32). */
export function resampler(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** `statistic` with its 95 % bootstrap interval over `units` (scans, patients); draws without a value are left out. */
export function bootstrap<T>(
  units: readonly T[],
  statistic: (sample: readonly T[]) => number,
  { draws = 2000, seed = 1 } = {},
): Interval {
  const random = resampler(seed)
  const values: number[] = []
  for (let draw = 0; draw < draws; draw++) {
    const value = statistic(units.map(() => units[Math.floor(random() * units.length)]))
    if (Number.isFinite(value)) values.push(value)
  }
  values.sort((a, b) => a - b)
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN
  return { value: statistic(units), low: at(0.025), high: at(0.975) }
}
