// From the lab's coarse grids to the scan's voxels: which cell a place lies in, and a grid's values spread over a scan.
import type { Grid, Triple } from '../base/shape.ts'
import type { PointMm } from '../volume/geometry.ts'
import { rasMmToVoxel } from '../volume/geometry.ts'
import { cropBox, type CropBox, type LabCrop } from './labCrop.ts'

/** The cell (d,h,w) of a grid of `cells` filling `crop` in which a place lies; beyond the grid where it lies outside. */
export function cellAt(grid: Grid, crop: LabCrop, cells: Triple, rasMm: PointMm): Triple {
  const { low, high } = cropBox(grid, crop)
  const voxel = rasMmToVoxel(grid.affine, rasMm)
  const along = (axis: 0 | 1 | 2) =>
    Math.floor(((voxel[axis] + 0.5 - low[axis]) / (high[axis] - low[axis])) * cells[axis])
  return [along(0), along(1), along(2)]
}

/** Flat index of a cell; undefined where it lies beyond the grid. */
export function cellIndex(cells: Triple, [d, h, w]: Triple): number | undefined {
  const isInside = [d, h, w].every((at, axis) => at >= 0 && at < cells[axis])
  return isInside ? (d * cells[1] + h) * cells[2] + w : undefined
}

/**
 * Gives each voxel of `out` whose centre lies in the box the value of its cell; the others keep theirs. `out` has
 * `outShape` voxels over the same field of view as the scan of `scanShape`, in whose voxels the box is given.
 */
export function spreadCells(
  values: ArrayLike<number>,
  cells: Triple,
  { low, high }: CropBox,
  scanShape: Triple,
  out: { [index: number]: number },
  outShape: Triple = scanShape,
): void {
  const [ds, hs, ws] = ([0, 1, 2] as const).map(axis =>
    Int32Array.from({ length: outShape[axis] }, (_, i) => {
      const voxel = ((i + 0.5) / outShape[axis]) * scanShape[axis]
      const cell = Math.floor(((voxel - low[axis]) / (high[axis] - low[axis])) * cells[axis])
      return cell >= 0 && cell < cells[axis] ? cell : -1
    }),
  )
  for (let d = 0; d < outShape[0]; d++) {
    if (ds[d] < 0) continue
    for (let h = 0; h < outShape[1]; h++) {
      if (hs[h] < 0) continue
      const row = (ds[d] * cells[1] + hs[h]) * cells[2]
      const at = (d * outShape[1] + h) * outShape[2]
      for (let w = 0; w < outShape[2]; w++) if (ws[w] >= 0) out[at + w] = values[row + ws[w]]
    }
  }
}
