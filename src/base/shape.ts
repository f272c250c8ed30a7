// Shapes and grids: the few numeric types that every folder shares. All triples are in (D,H,W) order.

/** Three numbers in (D, H, W) order: inferior→superior, posterior→anterior, left→right in memory. */
export type Triple = readonly [number, number, number]

/** 4×4 matrix, row-major, mapping (w, h, d, 1) voxel indices to RAS millimetres at the voxel's centre. */
export type Affine = readonly number[]

/** A sampling grid in space: shape in voxels, spacing in mm, both (D,H,W), and its affine. */
export interface Grid {
  readonly shape: Triple
  readonly spacingMm: Triple
  readonly affine: Affine
}

/** Number of voxels of a (D,H,W) shape. */
export function voxelCount(shape: Triple): number {
  return shape[0] * shape[1] * shape[2]
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}
