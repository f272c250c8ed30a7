// The part of a scan that the attention lab looks at: a box of the model's own voxels around a world position, along the
// scan's axes, and the grids of tokens that lie in it.
import { InputError } from '../base/errors.ts'
import type { Grid, Triple } from '../base/shape.ts'
import type { NetworkEntry } from '../network/model.ts'
import { cropAt } from '../tokens/crops.ts'
import { normaliseHu } from '../tokens/normalise.ts'
import type { PointMm } from '../volume/geometry.ts'
import { rasMmToVoxel, voxelToRasMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'

export interface LabCrop {
  readonly centreRasMm: PointMm
  /** Voxels of the crop and their spacing, as the network takes them. */
  readonly shape: Triple
  readonly spacingMm: Triple
}

/** A box in continuous (D,H,W) voxel coordinates of the scan: voxel i covers [i, i + 1). */
export interface CropBox {
  readonly low: Triple
  readonly high: Triple
}

const axes = [0, 1, 2] as const

const along = (make: (axis: 0 | 1 | 2) => number): Triple => [make(0), make(1), make(2)]

/** Where a crop lies on the scan's grid. */
export function cropBox(grid: Grid, { centreRasMm, shape, spacingMm }: LabCrop): CropBox {
  const centre = rasMmToVoxel(grid.affine, centreRasMm)
  const half = along(axis => (shape[axis] * spacingMm[axis]) / grid.spacingMm[axis] / 2)
  return {
    low: along(axis => centre[axis] + 0.5 - half[axis]),
    high: along(axis => centre[axis] + 0.5 + half[axis]),
  }
}

/** The grid of `shape` cells (tokens, patches, voxels) that fill a crop evenly. */
export function gridInCrop(grid: Grid, crop: LabCrop, shape: Triple): Grid {
  const { low, high } = cropBox(grid, crop)
  const step = along(axis => (high[axis] - low[axis]) / shape[axis]) // scan voxels a cell
  const first = voxelToRasMm(
    grid.affine,
    along(axis => low[axis] + step[axis] / 2 - 0.5),
  )
  const rows = [0, 1, 2].flatMap(row => [
    ...[2, 1, 0].map(axis => grid.affine[4 * row + 2 - axis] * step[axis]),
    first[row],
  ])
  return {
    shape,
    spacingMm: along(axis => grid.spacingMm[axis] * step[axis]),
    affine: [...rows, 0, 0, 0, 1],
  }
}

/** A sentence where part of the crop lies outside of the scan, undefined where it lies within. */
export function describeOutside(grid: Grid, crop: LabCrop): string | undefined {
  const { low, high } = cropBox(grid, crop)
  if (axes.every(axis => low[axis] >= -0.5 && high[axis] <= grid.shape[axis] + 0.5)) return undefined
  const sizes = crop.shape.map((side, axis) => Math.round(side * crop.spacingMm[axis]))
  const isSmaller = axes.some(axis => sizes[axis] > grid.shape[axis] * grid.spacingMm[axis] + 0.5)
  const box = `The region of ${sizes[2]} × ${sizes[1]} × ${sizes[0]} mm`
  return isSmaller
    ? `${box} is larger than this scan; the network gets air for what is missing.`
    : `${box} reaches beyond the scan; the network gets air there. Move it inwards for a region that is all scan.`
}

/**
 * What the network eats: the crop's HU, resampled and normalised as `entry` says. [D,H,W] of `crop.shape`
 * @throws InputError when the crop does not touch the scan at all.
 */
export function readCrop(volume: Volume, crop: LabCrop, entry: NetworkEntry): Float32Array {
  const { low, high } = cropBox(volume, crop)
  if (axes.some(axis => high[axis] <= 0 || low[axis] >= volume.shape[axis]))
    throw new InputError(
      'The region lies outside of this scan. Move the crosshair into the scan and place the region there.',
    )
  const hu = cropAt(volume, crop.centreRasMm, crop.shape, crop.spacingMm)
  return normaliseHu(hu, entry.huWindow, entry.outputRange, hu)
}
