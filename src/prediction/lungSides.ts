// Right and left: two lungs side by side, parted by erosion where they touch, or one lung whose side is told from
// what is beside it. In memory W runs from the patient's left to the right.
import type { Grid, Triple } from '../base/shape.ts'
import { labelComponents } from './components.ts'
import { heightAt, lowerHull } from './convexHull.ts'
import { maskWhere, squaredDistanceMm } from './morphology.ts'

/** Two lungs' centres are 120–180 mm apart in an adult; less is two lobes of one lung. */
const leastApartMm = 60
const erosionsMm = [0, 2.6, 5.1, 7.6, 10.1, 12.6, 16, 20, 25]

export interface LungSides {
  /** 0 = outside, 1 = right lung, 2 = left lung. */
  readonly sides: Uint8Array
  readonly warnings: readonly string[]
}

/** Assigns every voxel of `lung` to a side. `outside` is the air around the patient. */
export function splitLungs(lung: Uint8Array, grid: Grid, outside: Uint8Array): LungSides {
  const { shape, spacingMm } = grid
  const depth = squaredDistanceMm(lung, shape, spacingMm, 0)
  for (const radiusMm of erosionsMm) {
    const core = maskWhere(lung.length, i => depth[i] > radiusMm * radiusMm)
    const pair = findPair(core, grid)
    if (pair) return { sides: assignNearest(lung, pair, grid), warnings: [] }
  }
  const side = guessSide(lung, outside, shape)
  const sides = new Uint8Array(lung.length)
  for (let i = 0; i < lung.length; i++) if (lung[i] !== 0) sides[i] = side
  const name = side === 1 ? 'right' : 'left'
  return {
    sides,
    warnings: [`Only one lung was found; by its surroundings it is taken for the ${name} one.`],
  }
}

/** The two largest components as masks [right, left], when they lie beside each other at the same height. */
function findPair(core: Uint8Array, { shape, spacingMm }: Grid): readonly [Uint8Array, Uint8Array] | null {
  const { labels, sizes } = labelComponents(core, shape)
  const order = sizes.map((_, k) => k).sort((a, b) => sizes[b] - sizes[a])
  const [first, second] = order
  if (!(sizes[second] >= 0.15 * sizes[first])) return null
  const a = summarise(labels, first, shape)
  const b = summarise(labels, second, shape)
  if (Math.abs(a.meanW - b.meanW) * spacingMm[2] < leastApartMm) return null
  const shared = Math.min(a.high, b.high) - Math.max(a.low, b.low)
  if (shared < 0.5 * Math.min(a.high - a.low, b.high - b.low)) return null
  const [right, left] = a.meanW > b.meanW ? [first, second] : [second, first]
  const maskOf = (label: number) => maskWhere(labels.length, i => labels[i] === label)
  return [maskOf(right), maskOf(left)]
}

function summarise(labels: Int32Array, label: number, [, H, W]: Triple) {
  let sum = 0
  let count = 0
  let low = Infinity
  let high = -Infinity
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== label) continue
    count++
    sum += i % W
    const d = Math.floor(i / (H * W))
    if (d < low) low = d
    if (d > high) high = d
  }
  return { meanW: sum / count, low, high }
}

function assignNearest(
  lung: Uint8Array,
  [right, left]: readonly [Uint8Array, Uint8Array],
  { shape, spacingMm }: Grid,
): Uint8Array {
  const toRight = squaredDistanceMm(right, shape, spacingMm)
  const toLeft = squaredDistanceMm(left, shape, spacingMm)
  const sides = new Uint8Array(lung.length)
  for (let i = 0; i < lung.length; i++) if (lung[i] !== 0) sides[i] = toRight[i] <= toLeft[i] ? 1 : 2
  return sides
}

/**
 * The side of a lone lung. Towards the flank a row soon leaves the patient, towards the middle it meets mediastinum or
 * the image's end; where no outside air is in the image, the more dented face is the medial one (heart, hilum, spine).
 */
function guessSide(lung: Uint8Array, outside: Uint8Array, [D, H, W]: Triple): 1 | 2 {
  let rowCount = 0
  let airOnRight = 0
  let dentedOnLeft = 0
  for (let d = 0; d < D; d++) {
    const firsts: number[] = []
    const lasts: number[] = []
    for (let h = 0; h < H; h++) {
      const start = (d * H + h) * W
      const row = lung.subarray(start, start + W)
      const first = row.indexOf(1)
      if (first < 0) continue
      const last = row.lastIndexOf(1)
      firsts.push(first)
      lasts.push(-last)
      const around = outside.subarray(start, start + W)
      if (around.indexOf(1, last + 1) >= 0) airOnRight++
      if (first > 0 && around.lastIndexOf(1, first - 1) >= 0) airOnRight--
    }
    rowCount += firsts.length
    dentedOnLeft += dentArea(firsts) - dentArea(lasts)
  }
  // Large W is the patient's right.
  if (Math.abs(airOnRight) > 0.1 * rowCount) return airOnRight > 0 ? 1 : 2
  return dentedOnLeft > 0 ? 1 : 2
}

/** Area between a profile of row ends and its lower convex hull: how far the outline is dented inwards. */
function dentArea(profile: readonly number[]): number {
  if (profile.length === 0) return 0
  const hull = lowerHull(profile.map((y, x) => ({ x, y })))
  return profile.reduce((sum, value, x) => sum + value - heightAt(hull, x), 0)
}
