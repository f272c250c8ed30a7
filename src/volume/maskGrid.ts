// Masks as lists of voxels, and how they come from one grid to another.
import type { Grid, Triple } from '../base/shape.ts'
import { invertAffine, voxelToRasMm } from './geometry.ts'

/** Grids whose corners lie closer than this, in voxels, are one grid: files round their origin. */
const sameCornerVoxels = 0.1
/** Sub-samples along an axis of a voxel, at most, when a fine mask is brought to a coarse grid. */
const maxSubsamples = 4

function cornersOf([D, H, W]: Triple): Triple[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map(
    i => [((i & 4) / 4) * (D - 1), ((i & 2) / 2) * (H - 1), (i & 1) * (W - 1)] as Triple,
  )
}

/** A function from voxels (d,h,w) of one grid to fractional voxels of another. */
export function voxelMap(from: Grid, to: Grid): (voxel: Triple) => [number, number, number] {
  const inverse = invertAffine(to.affine)
  return voxel => {
    const [x, y, z] = voxelToRasMm(from.affine, voxel)
    const row = (r: number) => inverse[r] * x + inverse[r + 1] * y + inverse[r + 2] * z + inverse[r + 3]
    return [row(8), row(4), row(0)]
  }
}

export function isSameGrid(a: Grid, b: Grid): boolean {
  if (a.shape.some((size, axis) => size !== b.shape[axis])) return false
  const map = voxelMap(a, b)
  return cornersOf(a.shape).every(corner =>
    map(corner).every((at, axis) => Math.abs(at - corner[axis]) < sameCornerVoxels),
  )
}

/** Indices of the voxels for which `isSet`, rising. */
export function voxelsWhere(length: number, isSet: (index: number) => boolean): Int32Array {
  let count = 0
  for (let i = 0; i < length; i++) if (isSet(i)) count++
  const voxels = new Int32Array(count)
  for (let i = 0, at = 0; at < count; i++) if (isSet(i)) voxels[at++] = i
  return voxels
}

/**
 * Voxels (rising indices) of grid `from` as voxels of grid `to`: those of which half lies in the mask, counted on sub-samples
 * where `to` is coarser. Voxels are boxes, so that nothing is lost that is one voxel thin. What lies outside of `to` is lost.
 */
export function resampleVoxels(voxels: Int32Array, from: Grid, to: Grid): Int32Array {
  if (voxels.length === 0) return voxels
  const { mask, low, shape } = cutMask(voxels, from.shape)
  const back = voxelMap(to, from)
  const box = boxIn(to, from, low, shape)
  if (!box) return new Int32Array(0)
  const offsets = subsamples(from, to)
  const found: number[] = []
  const [, H, W] = to.shape
  for (let d = box.low[0]; d <= box.high[0]; d++)
    for (let h = box.low[1]; h <= box.high[1]; h++)
      for (let w = box.low[2]; w <= box.high[2]; w++) {
        const covers = ([dd, dh, dw]: Triple) => {
          const [z, y, x] = back([d + dd, h + dh, w + dw])
          return boxAt(mask, shape, z - low[0], y - low[1], x - low[2])
        }
        const twice = 2 * offsets.reduce((sum, offset) => sum + covers(offset), 0) - offsets.length
        // Half covered: the middle decides, so that a shift by half a voxel moves a mask but does not swell it.
        if (twice > 0 || (twice === 0 && covers([0, 0, 0]) === 1)) found.push((d * H + h) * W + w)
      }
  return Int32Array.from(found)
}

/** The mask's bounding box with one voxel of nothing around it, as an array of its own. */
function cutMask(voxels: Int32Array, [, H, W]: Triple): { mask: Uint8Array; low: Triple; shape: Triple } {
  const low = [Infinity, Infinity, Infinity]
  const high = [-1, -1, -1]
  const each = (visit: (at: Triple) => void) => {
    for (const index of voxels) visit([Math.floor(index / (H * W)), Math.floor(index / W) % H, index % W])
  }
  each(at =>
    at.forEach((value, axis) => {
      low[axis] = Math.min(low[axis], value)
      high[axis] = Math.max(high[axis], value)
    }),
  )
  const start: Triple = [low[0] - 1, low[1] - 1, low[2] - 1]
  const shape: Triple = [high[0] - low[0] + 3, high[1] - low[1] + 3, high[2] - low[2] + 3]
  const mask = new Uint8Array(shape[0] * shape[1] * shape[2])
  each(([d, h, w]) => {
    mask[((d - start[0]) * shape[1] + h - start[1]) * shape[2] + w - start[2]] = 1
  })
  return { mask, low: start, shape }
}

/** The box of grid `to` in which the box of grid `from` lies; nothing where they do not meet. */
function boxIn(to: Grid, from: Grid, low: Triple, shape: Triple): { low: Triple; high: Triple } | undefined {
  const map = voxelMap(from, to)
  const corners = cornersOf(shape).map(([d, h, w]) => map([d + low[0], h + low[1], w + low[2]]))
  const limit = (axis: number) => {
    const values = corners.map(corner => corner[axis])
    return [
      Math.max(0, Math.floor(Math.min(...values))),
      Math.min(to.shape[axis] - 1, Math.ceil(Math.max(...values))),
    ]
  }
  const limits = [limit(0), limit(1), limit(2)]
  if (limits.some(([first, last]) => first > last)) return undefined
  return {
    low: limits.map(([first]) => first) as unknown as Triple,
    high: limits.map(([, last]) => last) as unknown as Triple,
  }
}

function subsamples(from: Grid, to: Grid): Triple[] {
  const smallest = Math.min(...from.spacingMm)
  const along = to.spacingMm.map(mm => {
    const count = Math.min(maxSubsamples, Math.max(1, Math.round(mm / smallest)))
    return Array.from({ length: count }, (_, i) => (i + 0.5) / count - 0.5)
  })
  return along[0].flatMap(d => along[1].flatMap(h => along[2].map((w): Triple => [d, h, w])))
}

/** The voxel in which a place lies; nothing outside of the box. */
function boxAt(mask: Uint8Array, [D, H, W]: Triple, z: number, y: number, x: number): number {
  const [d, h, w] = [Math.round(z), Math.round(y), Math.round(x)]
  if (d < 0 || h < 0 || w < 0 || d >= D || h >= H || w >= W) return 0
  return mask[(d * H + h) * W + w]
}
