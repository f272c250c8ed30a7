// Where the network looks: overlapping tiles over a region of interest, and the Gaussian weight that blends them.
// Index arithmetic only; a tile may begin before the volume or end after it, the caller pads with air there.
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'

/** Half-open voxel range per axis: `low` inclusive, `high` exclusive. */
export interface VoxelBox {
  readonly low: Triple
  readonly high: Triple
}

/** Smallest box around the set voxels of `mask` inside `within`; null when none is set. */
export function boundingBox(mask: Uint8Array, shape: Triple, within?: VoxelBox): VoxelBox | null {
  const [d0, h0, w0] = within?.low ?? [0, 0, 0]
  const [d1, h1, w1] = within?.high ?? shape
  const low = [d1, h1, w1]
  const high = [d0, h0, w0]
  for (let d = d0; d < d1; d++) {
    for (let h = h0; h < h1; h++) {
      const row = (d * shape[1] + h) * shape[2]
      let first = -1
      let last = -1
      for (let w = w0; w < w1; w++) {
        if (mask[row + w] === 0) continue
        if (first < 0) first = w
        last = w
      }
      if (first < 0) continue
      if (d < low[0]) low[0] = d
      high[0] = d + 1
      if (h < low[1]) low[1] = h
      if (h >= high[1]) high[1] = h + 1
      if (first < low[2]) low[2] = first
      if (last >= high[2]) high[2] = last + 1
    }
  }
  if (high[0] <= low[0]) return null
  return { low: [low[0], low[1], low[2]], high: [high[0], high[1], high[2]] }
}

/**
 * Origins of evenly spread intervals of `size` that cover [low, high) and overlap by at least `overlap`·size.
 * A range shorter than a tile gets one tile, centred on it.
 */
export function spreadOrigins(low: number, high: number, size: number, overlap: number): number[] {
  if (!(overlap >= 0 && overlap < 1)) {
    throw new Error(`spreadOrigins: overlap must lie in [0, 1), got ${overlap}.`)
  }
  const length = high - low
  if (length <= size) return [Math.floor(low - (size - length) / 2)]
  const step = Math.max(1, Math.floor(size * (1 - overlap)))
  const count = Math.ceil((length - size) / step) + 1
  return Array.from({ length: count }, (_, i) => low + Math.round((i * (length - size)) / (count - 1)))
}

/**
 * Tile origins (may be negative) such that every set voxel of `mask` [D,H,W] lies in at least one tile, neighbours
 * overlap by at least `overlap`, and tiles without a set voxel are left out. The rows of a slab are laid around
 * that slab's own extent, so that narrow apices do not pay for the wide bases.
 */
export function planTiles(mask: Uint8Array, shape: Triple, tileShape: Triple, overlap: number): Triple[] {
  const whole = boundingBox(mask, shape)
  if (!whole) return []
  const origins: Triple[] = []
  for (const d of spreadOrigins(whole.low[0], whole.high[0], tileShape[0], overlap)) {
    const slab = boundingBox(mask, shape, clip([d, 0, 0], [tileShape[0], shape[1], shape[2]], shape))
    if (!slab) continue
    for (const h of spreadOrigins(slab.low[1], slab.high[1], tileShape[1], overlap)) {
      const bar = boundingBox(mask, shape, clip([d, h, 0], [tileShape[0], tileShape[1], shape[2]], shape))
      if (!bar) continue
      for (const w of spreadOrigins(bar.low[2], bar.high[2], tileShape[2], overlap)) {
        if (boundingBox(mask, shape, clip([d, h, w], tileShape, shape))) origins.push([d, h, w])
      }
    }
  }
  return origins
}

/** The part of the box at `origin` with `size` that lies inside a volume of `shape`. */
export function clip(origin: Triple, size: Triple, shape: Triple): VoxelBox {
  const low = origin.map(value => Math.max(0, value))
  const high = origin.map((value, axis) => Math.min(shape[axis], value + size[axis]))
  return { low: [low[0], low[1], low[2]], high: [high[0], high[1], high[2]] }
}

/** Separable Gaussian tile weight [D,H,W], 1 at the centre, σ = size/8 as in nnU-Net and MONAI (`sigma_scale` 0.125). */
export function gaussianWeights(tileShape: Triple): Float32Array {
  const axes = tileShape.map(size => {
    const sigma = size / 8
    return Float64Array.from({ length: size }, (_, i) => Math.exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2))
  })
  const weights = new Float32Array(voxelCount(tileShape))
  let i = 0
  for (const d of axes[0]) for (const h of axes[1]) for (const w of axes[2]) weights[i++] = d * h * w
  return weights
}

/**
 * Cuts [D,H,W] `tileShape` voxels at `origin` out of `source`; what lies outside is `pad`.
 * `out` is overwritten and returned.
 */
export function readTile(
  source: Int16Array | Float32Array,
  shape: Triple,
  origin: Triple,
  tileShape: Triple,
  pad: number,
  out: Float32Array = new Float32Array(voxelCount(tileShape)),
): Float32Array {
  out.fill(pad)
  const box = clip(origin, tileShape, shape)
  for (let d = box.low[0]; d < box.high[0]; d++) {
    for (let h = box.low[1]; h < box.high[1]; h++) {
      const from = (d * shape[1] + h) * shape[2]
      const to = ((d - origin[0]) * tileShape[1] + h - origin[1]) * tileShape[2] - origin[2]
      for (let w = box.low[2]; w < box.high[2]; w++) out[to + w] = source[from + w]
    }
  }
  return out
}
