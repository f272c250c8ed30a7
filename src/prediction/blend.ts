// From tiles to one probability volume: Gaussian-weighted mean on the model's grid, then trilinear onto the scan's own
// grid as bytes. Two float volumes at the model's spacing around the lungs are all that is ever held.
import type { Grid, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { clip, gaussianWeights } from '../tokens/tiles.ts'
import { mapAxes } from './gridMap.ts'

export interface Blend {
  /** Adds a tile's probabilities [D,H,W] at `origin`; what lies outside the volume is ignored. */
  add(origin: Triple, probability: Float32Array): void
  /** The weighted mean [D,H,W], 0 where no tile was. The blend is spent afterwards. */
  finish(): Float32Array
}

export function createBlend(shape: Triple, tileShape: Triple): Blend {
  const weights = gaussianWeights(tileShape)
  let sum = new Float32Array(voxelCount(shape))
  let weight = new Float32Array(voxelCount(shape))
  return {
    add(origin, probability) {
      const { low, high } = clip(origin, tileShape, shape)
      for (let d = low[0]; d < high[0]; d++) {
        for (let h = low[1]; h < high[1]; h++) {
          const to = (d * shape[1] + h) * shape[2]
          const from = ((d - origin[0]) * tileShape[1] + h - origin[1]) * tileShape[2] - origin[2]
          for (let w = low[2]; w < high[2]; w++) {
            sum[to + w] += weights[from + w] * probability[from + w]
            weight[to + w] += weights[from + w]
          }
        }
      }
    },
    finish() {
      const mean = sum
      for (let i = 0; i < mean.length; i++) if (weight[i] > 0) mean[i] /= weight[i]
      sum = new Float32Array(0)
      weight = sum
      return mean
    },
  }
}

/**
 * Probabilities 0…1 on `from`, read trilinearly at the voxels of `to` (parallel axes), as bytes 0…255.
 * Up to half a voxel beyond the edge of `from` its border value holds; farther out it is 0.
 */
export function probabilityOnGrid(probability: Float32Array, from: Grid, to: Grid): Uint8Array {
  const [slices, rows, columns] = ([0, 1, 2] as const).map(axis => linearTaps(to, from, axis))
  const [D, H, W] = to.shape
  const [, fromH, fromW] = from.shape
  const out = new Uint8Array(voxelCount(to.shape))
  const plane = new Float32Array(fromH * fromW)
  for (let d = 0; d < D; d++) {
    if (slices.index[d] < 0) continue
    const below = slices.index[d] * plane.length
    const above = Math.min(slices.index[d] + 1, from.shape[0] - 1) * plane.length
    const share = slices.share[d]
    for (let i = 0; i < plane.length; i++) {
      plane[i] = probability[below + i] * (1 - share) + probability[above + i] * share
    }
    for (let h = 0; h < H; h++) {
      if (rows.index[h] < 0) continue
      const near = rows.index[h] * fromW
      const next = Math.min(rows.index[h] + 1, fromH - 1) * fromW
      const rowShare = rows.share[h]
      const target = (d * H + h) * W
      for (let w = 0; w < W; w++) {
        const a = columns.index[w]
        if (a < 0) continue
        const b = Math.min(a + 1, fromW - 1)
        const s = columns.share[w]
        const nearValue = plane[near + a] * (1 - s) + plane[near + b] * s
        const nextValue = plane[next + a] * (1 - s) + plane[next + b] * s
        out[target + w] = Math.round(255 * (nearValue * (1 - rowShare) + nextValue * rowShare))
      }
    }
  }
  return out
}

/** Per target index: the source index below it (−1 = outside) and the share of the one above. */
function linearTaps(to: Grid, from: Grid, axis: 0 | 1 | 2) {
  const { offset, scale } = mapAxes(to, from)
  const count = to.shape[axis]
  const index = new Int32Array(count).fill(-1)
  const share = new Float32Array(count)
  const last = from.shape[axis] - 1
  for (let i = 0; i < count; i++) {
    const position = offset[axis] + scale[axis] * i
    if (position < -0.5 || position > last + 0.5) continue
    const inside = Math.min(last, Math.max(0, position))
    index[i] = Math.floor(inside)
    share[i] = inside - index[i]
  }
  return { index, share }
}
