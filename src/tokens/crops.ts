// A cube around a world position at the model's spacing, for the classifier and for crops that training learns on.
// Separable tent filter: trilinear where it interpolates, widened to the new spacing where it downsamples.
import type { Grid, Triple } from '../base/shape.ts'
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
  const { hu } = volume
  return cropValues(volume, at => hu[at], airHu, { centreRasMm, shape, spacingMm })
}

/** What to cut out: [D,H,W] voxels around a place. */
export interface CropBox {
  readonly centreRasMm: readonly [number, number, number]
  readonly shape: Triple
  readonly spacingMm: Triple
}

/** As `cropAt`, of any value that each voxel of a grid has; `outside` it there is that one. Only the box is looked at. */
export function cropValues(
  grid: Grid,
  valueAt: (voxel: number) => number,
  outside: number,
  { centreRasMm, shape, spacingMm }: CropBox,
): Float32Array {
  const [D, H, W] = grid.shape
  const centre = rasMmToVoxel(grid.affine, centreRasMm)
  const along = (axis: 0 | 1 | 2) =>
    tentTaps(centre[axis], shape[axis], spacingMm[axis] / grid.spacingMm[axis])
  const [slices, rows, columns] = [along(0), along(1), along(2)]
  const firstSlice = slices.start[0]
  const sliceCount = slices.start[shape[0] - 1] + slices.taps - firstSlice
  const firstRow = rows.start[0]
  const rowCount = rows.start[shape[1] - 1] + rows.taps - firstRow

  const firstColumn = columns.start[0]
  const columnCount = columns.start[shape[2] - 1] + columns.taps - firstColumn
  const values = new Float64Array(columnCount) // one source row
  const line = new Float64Array(rowCount * shape[2]) // one source slice, columns resampled
  const planes = new Float32Array(sliceCount * shape[1] * shape[2]) // source slices, rows and columns resampled
  for (let s = 0; s < sliceCount; s++) {
    const d = firstSlice + s
    for (let r = 0; r < rowCount; r++) {
      const h = firstRow + r
      const isInside = d >= 0 && d < D && h >= 0 && h < H
      const from = (d * H + h) * W
      for (let c = 0; c < columnCount; c++) {
        const w = firstColumn + c
        values[c] = isInside && w >= 0 && w < W ? valueAt(from + w) : outside
      }
      for (let j = 0; j < shape[2]; j++) {
        const first = columns.start[j] - firstColumn
        let sum = 0
        for (let t = 0; t < columns.taps; t++)
          sum += values[first + t] * columns.weights[j * columns.taps + t]
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
