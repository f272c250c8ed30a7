// Where charts put their marks: axes with round ticks, lines and bands as paths, labels that do not cover each other.
// Plain numbers; components draw them.

export interface Tick {
  readonly at: number
  readonly text: string
}

export interface Axis {
  readonly low: number
  readonly high: number
  readonly ticks: readonly Tick[]
  /** Pixels of a value. */
  place(value: number): number
}

/** Pixels of the two ends of an axis; for a vertical one the first is the larger. */
export type Pixels = readonly [from: number, to: number]

/** A round step of which at most `most` fit into `range`. */
export function roundStep(range: number, most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(range, 1e-9) / most))
  return [1, 2, 5, 10].map(factor => factor * power).find(step => range / step <= most * (1 + 1e-9))!
}

function axisOver(low: number, high: number, step: number, [from, to]: Pixels): Axis {
  const place = (value: number) => from + ((value - low) / (high - low)) * (to - from)
  const count = Math.round((high - low) / step)
  const ticks = Array.from({ length: count + 1 }, (_, i) => {
    const value = low + i * step
    return { at: place(value), text: String(Number(value.toPrecision(6))).replace('-', '−') }
  })
  return { low, high, ticks, place }
}

/** From a round number at or below the lowest value to one at or above the highest. */
export function linearAxis(values: readonly number[], pixels: Pixels, most = 5): Axis {
  const finite = values.filter(Number.isFinite)
  const [lowest, highest] = [Math.min(...finite), Math.max(...finite)]
  if (finite.length === 0) return axisOver(0, 1, 0.5, pixels)
  const range = highest - lowest || Math.abs(highest) || 1
  const step = roundStep(range, most)
  const low = Math.floor(lowest / step + 1e-9) * step
  const high = Math.max(low + step, Math.ceil(highest / step - 1e-9) * step)
  return axisOver(low, high, step, pixels)
}

/** For shares and probabilities: always 0 to 1. */
export const unitAxis = (pixels: Pixels): Axis => axisOver(0, 1, 0.25, pixels)

export interface ChartPoint {
  readonly x: number
  readonly y: number
}

const pixel = (value: number) => String(Number(value.toFixed(2)))

export function linePath(points: readonly ChartPoint[], x: Axis, y: Axis): string {
  return points
    .map((point, i) => `${i === 0 ? 'M' : 'L'}${pixel(x.place(point.x))} ${pixel(y.place(point.y))}`)
    .join('')
}

export interface BandPoint {
  readonly x: number
  readonly low: number
  readonly high: number
}

/** The area between the two ends of an interval along x; empty without two points. */
export function bandPath(points: readonly BandPoint[], x: Axis, y: Axis): string {
  if (points.length < 2) return ''
  const there = points.map(({ x: at, high }) => ({ x: at, y: high }))
  const back = points.map(({ x: at, low }) => ({ x: at, y: low })).reverse()
  return `${linePath([...there, ...back], x, y)}Z`
}

export interface Bin {
  /** Included. */
  readonly from: number
  /** Excluded, but for the last bin. */
  readonly to: number
  /** Cases of each class in it. */
  readonly counts: readonly number[]
}

/** Values of several classes in bins of one round width. Values that are not finite are in no bin. */
export function histogram(values: readonly (readonly number[])[], most = 8): Bin[] {
  const finite = values.map(list => list.filter(Number.isFinite))
  const all = finite.flat()
  if (all.length === 0) return []
  const { low, high, ticks } = linearAxis(all, [0, 1], most)
  const bins = ticks.length - 1
  const width = (high - low) / bins
  const binOf = (value: number) => Math.min(bins - 1, Math.floor((value - low) / width + 1e-9))
  return Array.from({ length: bins }, (_, bin) => ({
    from: low + bin * width,
    to: low + (bin + 1) * width,
    counts: finite.map(list => list.filter(value => binOf(value) === bin).length),
  }))
}

/** Heights moved apart so that neighbours keep `gap`, each as near to its wish as the order allows, none beyond `bottom`. */
export function spreadLabels(wishes: readonly number[], gap: number, bottom: number): number[] {
  const order = wishes.map((_, i) => i).sort((a, b) => wishes[a] - wishes[b])
  const placed = [...wishes]
  order.forEach((at, i) => {
    if (i > 0) placed[at] = Math.max(placed[at], placed[order[i - 1]] + gap)
  })
  let limit = bottom
  for (const at of [...order].reverse()) {
    placed[at] = Math.min(placed[at], limit)
    limit = placed[at] - gap
  }
  return placed
}

/** The point of a curve that is nearest to a place in pixels. */
export function nearestPoint(points: readonly ChartPoint[], x: Axis, y: Axis, at: ChartPoint): number {
  let best = -1
  let least = Infinity
  points.forEach((point, i) => {
    const distance = Math.hypot(x.place(point.x) - at.x, y.place(point.y) - at.y)
    if (distance < least) [best, least] = [i, distance]
  })
  return best
}

/** A figure with its interval where it has one: 0.87 [0.78, 0.94]. */
export function figureText({
  value,
  interval,
}: {
  readonly value: number
  readonly interval: readonly [number, number] | null
}): string {
  const text = (number: number) => number.toFixed(2).replace('-', '−')
  const ends = interval ? ` [${text(interval[0])}, ${text(interval[1])}]` : ''
  return `${text(value)}${ends}`
}

export interface ReliabilityDot extends ChartPoint {
  /** Wilson's 95 % interval of the share. */
  readonly low: number
  readonly high: number
  readonly count: number
}

/** Dots of the bins that hold cases: mean probability across, observed share upwards. */
export function reliabilityDots(
  bins: readonly {
    readonly count: number
    readonly meanProbability: number | null
    readonly observedShare: number | null
  }[],
): ReliabilityDot[] {
  return bins.flatMap(({ count, meanProbability, observedShare }) =>
    meanProbability === null || observedShare === null
      ? []
      : [{ x: meanProbability, y: observedShare, count, ...wilson(observedShare, count) }],
  )
}

/** Wilson's 95 % interval of a share of `count` cases. */
export function wilson(share: number, count: number): { low: number; high: number } {
  const z = 1.96
  const scale = 1 / (1 + (z * z) / count)
  const middle = scale * (share + (z * z) / (2 * count))
  const half = scale * z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count))
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}
