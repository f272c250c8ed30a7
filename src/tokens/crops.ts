// A cube around a world position at the model's spacing, for the classifier and for crops that training learns on.
// Separable tent filter: trilinear where it interpolates, widened to the new spacing where it downsamples.
import type { Triple } from '../base/shape.ts'
import type { Volume } from '../volume/volume.ts'
import { rasMmToVoxel } from '../volume/geometry.ts'
import { triangleTaps } from '../volume/resample.ts'

/** HU of everything outside a scan. */
export const airHu = -1024

interface Taps {
  /** First source index of each output sample; may be negative. */
  readonly start: Int32Array
  /** [output, tap], rows sum to 1. */
  readonly weights: Float64Array
  readonly taps: number
}

function tentTaps(centre: number, count: number, step: number): Taps {
  const radius = Math.max(1, step)
  const taps = Math.floor(2 * radius) + 1
  const start = new Int32Array(count)
  const weights = new Float64Array(count * taps)
  for (let i = 0; i < count; i++) {
    const one = triangleTaps(centre + (i - (count - 1) / 2) * step, radius, taps)
    start[i] = one.start
    weights.set(one.weights, i * taps)
  }
  return { start, weights, taps }
}

/**
 * HU of a box [D,H,W] = `shape` voxels of `spacingMm`, along the volume's own axes, whose middle (index (n−1)/2 on
 * each axis, between two voxels where n is even) lies at `centreRasMm`. Outside the scan it is −1024 HU.
 */
export function cropAt(
  volume: Volume,
  centreRasMm: readonly [number, number, number],
  shape: Triple,
  spacingMm: Triple,
): Float32Array {
  const [D, H, W] = volume.shape
  const centre = rasMmToVoxel(volume.affine, centreRasMm)
  const along = (axis: 0 | 1 | 2) =>
    tentTaps(centre[axis], shape[axis], spacingMm[axis] / volume.spacingMm[axis])
  const [slices, rows, columns] = [along(0), along(1), along(2)]
  const firstSlice = slices.start[0]
  const sliceCount = slices.start[shape[0] - 1] + slices.taps - firstSlice
  const firstRow = rows.start[0]
  const rowCount = rows.start[shape[1] - 1] + rows.taps - firstRow

  const line = new Float64Array(rowCount * shape[2]) // one source slice, columns resampled
  const planes = new Float32Array(sliceCount * shape[1] * shape[2]) // source slices, rows and columns resampled
  for (let s = 0; s < sliceCount; s++) {
    const d = firstSlice + s
    for (let r = 0; r < rowCount; r++) {
      const h = firstRow + r
      const isInside = d >= 0 && d < D && h >= 0 && h < H
      const from = (d * H + h) * W
      for (let j = 0; j < shape[2]; j++) {
        let sum = 0
        for (let t = 0; t < columns.taps; t++) {
          const w = columns.start[j] + t
          const hu = isInside && w >= 0 && w < W ? volume.hu[from + w] : airHu
          sum += hu * columns.weights[j * columns.taps + t]
        }
        line[r * shape[2] + j] = sum
      }
    }
    mixRows(line, rows, firstRow, shape[2], planes, s * shape[1] * shape[2])
  }
  const out = new Float32Array(shape[0] * shape[1] * shape[2])
  mixRows(planes, slices, firstSlice, shape[1] * shape[2], out, 0)
  return out
}

/** out[i, :] = Σ_t weight[i,t] · source[start[i] − first + t, :] for rows of `width` values. */
function mixRows(
  source: Float64Array | Float32Array,
  taps: Taps,
  first: number,
  width: number,
  out: Float32Array,
  offset: number,
): void {
  for (let i = 0; i < taps.start.length; i++) {
    for (let x = 0; x < width; x++) {
      let sum = 0
      for (let t = 0; t < taps.taps; t++) {
        const weight = taps.weights[i * taps.taps + t]
        if (weight !== 0) sum += weight * source[(taps.start[i] - first + t) * width + x]
      }
      out[offset + i * width + x] = sum
    }
  }
}
