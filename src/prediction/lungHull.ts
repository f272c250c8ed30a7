// Giving back to a lung what the threshold took: vessels and nodules inside it, nodules on the pleura, narrow gaps.
// A closing with a ball handles dents up to about 20 mm; wider dents are filled only on the costal side, where the
// healthy outline is convex, and only up to the section of the largest nodule, so that heart and liver stay out.
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { labelComponents } from './components.ts'
import type { Point } from './convexHull.ts'
import { heightAt, lowerHull } from './convexHull.ts'
import { close, maskWhere } from './morphology.ts'
import { boundingBox } from '../tokens/tiles.ts'

const closingMm = 12
/** Section of a 32 mm nodule: a nodule is at most 30 mm by definition. */
const largestDentMm2 = 800
/** Area ÷ length² of a dent: 0.39 for half a disc, 0.1 for the flat strip along ribs, which is no nodule. */
const leastDepth = 0.2

/** Mask [D,H,W] of one side (1 right, 2 left) of `sides`, closed, without holes in axial slices, costal dents filled. */
export function fillSide(sides: Uint8Array, side: 1 | 2, shape: Triple, spacingMm: Triple): Uint8Array {
  const only = maskWhere(sides.length, i => sides[i] === side)
  const box = boundingBox(only, shape)
  if (!box) return only
  const size: Triple = [box.high[0] - box.low[0], box.high[1] - box.low[1], box.high[2] - box.low[2]]
  const part = new Uint8Array(voxelCount(size))
  const rows = (visit: (inPart: number, inWhole: number) => void) => {
    for (let d = 0; d < size[0]; d++) {
      for (let h = 0; h < size[1]; h++) {
        visit(
          (d * size[1] + h) * size[2],
          ((d + box.low[0]) * shape[1] + h + box.low[1]) * shape[2] + box.low[2],
        )
      }
    }
  }
  rows((to, from) => part.set(only.subarray(from, from + size[2]), to))
  const fillSlices = (mask: Uint8Array) => {
    for (let d = 0; d < size[0]; d++) {
      const slice = mask.subarray(d * size[1] * size[2], (d + 1) * size[1] * size[2])
      fillSlice(slice, [1, size[1], size[2]], side, spacingMm)
    }
  }
  // Dents first: the closing makes a nodule's dent shallow, and then it looks like the strip along a rib.
  fillSlices(part)
  const closed = close(part, size, spacingMm, closingMm)
  fillSlices(closed)
  rows((from, to) => only.set(closed.subarray(from, from + size[2]), to))
  return only
}

/** Fills holes, and the nodule-like costal dents of the slice's convex hull, in place. */
function fillSlice(slice: Uint8Array, shape: Triple, side: 1 | 2, spacingMm: Triple): void {
  const [, H, W] = shape
  const hull = fillHull(slice, H, W)
  if (!hull) return
  const { labels, sizes } = labelComponents(
    maskWhere(slice.length, i => slice[i] === 0 && hull[i] !== 0),
    shape,
  )
  const gaps = sizes.map(() => ({ isOpen: false, sumW: 0, low: [H, W], high: [0, 0] }))
  let lungW = 0
  let lungCount = 0
  for (let i = 0; i < slice.length; i++) {
    const w = i % W
    if (slice[i] !== 0) {
      lungW += w
      lungCount++
    }
    if (labels[i] === 0) continue
    const h = (i - w) / W
    const gap = gaps[labels[i]]
    gap.sumW += w
    gap.low = [Math.min(gap.low[0], h), Math.min(gap.low[1], w)]
    gap.high = [Math.max(gap.high[0], h + 1), Math.max(gap.high[1], w + 1)]
    const isEdge = w === 0 || w === W - 1 || h === 0 || h === H - 1
    if (isEdge || !hull[i - 1] || !hull[i + 1] || !hull[i - W] || !hull[i + W]) gap.isOpen = true
  }
  const isFilled = gaps.map(({ isOpen, sumW, low, high }, k) => {
    if (k === 0 || !isOpen) return k > 0
    const isCostal = (sumW / sizes[k] - lungW / lungCount) * (side === 1 ? 1 : -1) > 0
    const areaMm2 = sizes[k] * spacingMm[1] * spacingMm[2]
    const lengthMm = Math.hypot((high[0] - low[0]) * spacingMm[1], (high[1] - low[1]) * spacingMm[2])
    return isCostal && areaMm2 <= largestDentMm2 && areaMm2 >= leastDepth * lengthMm * lengthMm
  })
  for (let i = 0; i < slice.length; i++) if (isFilled[labels[i]]) slice[i] = 1
}

/** Filled convex hull of the set pixels of a slice [H,W]; null when none is set. */
function fillHull(slice: Uint8Array, H: number, W: number): Uint8Array | null {
  const firsts: Point[] = []
  const lasts: Point[] = []
  for (let h = 0; h < H; h++) {
    const row = slice.subarray(h * W, (h + 1) * W)
    const first = row.indexOf(1)
    if (first < 0) continue
    firsts.push({ x: h, y: first })
    lasts.push({ x: h, y: -row.lastIndexOf(1) })
  }
  if (firsts.length === 0) return null
  const low = lowerHull(firsts)
  const high = lowerHull(lasts)
  const hull = new Uint8Array(H * W)
  for (let h = firsts[0].x; h <= firsts[firsts.length - 1].x; h++) {
    const first = Math.ceil(heightAt(low, h) - 1e-9)
    const last = Math.floor(-heightAt(high, h) + 1e-9)
    hull.fill(1, h * W + first, h * W + last + 1)
  }
  return hull
}
