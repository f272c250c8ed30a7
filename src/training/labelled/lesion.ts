// A lesion of an open scan, before it has a label.
import type { Grid } from '../../base/shape.ts'
import type { PointMm } from '../../volume/geometry.ts'
import { centroidRasMm, voxelVolumeMm3 } from '../../prediction/measure.ts'

export interface Lesion {
  /** What its file calls it; null where it does not. */
  readonly name: string | null
  /** Its value in a label map; null where it has none. */
  readonly value: number | null
  /** Rising indices into the volume; empty where only its place is known. */
  readonly voxels: Int32Array
  readonly centreRasMm: PointMm
  /** Malignancy, mean of the readers, 1…5; null where nobody rated it. */
  readonly rating: number | null
}

export interface ReadLesions {
  readonly lesions: readonly Lesion[]
  readonly notices: readonly string[]
}

export function lesionVolumeMm3(voxels: Int32Array, grid: Grid): number {
  return voxels.length * voxelVolumeMm3(grid)
}

/** Diameter of the ball of that volume, mm. */
export function equivalentDiameterMm(volumeMm3: number): number {
  return Math.cbrt((6 * volumeMm3) / Math.PI)
}

/** A lesion that nobody has rated. */
export function toLesion(
  voxels: Int32Array,
  grid: Grid,
  value: number | null,
  name: string | null = null,
): Lesion {
  return { name, value, voxels, centreRasMm: centroidRasMm(voxels, grid), rating: null }
}
