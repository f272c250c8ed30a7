// Voxels and millimetres. Affines are 4×4, row-major, and map (w, h, d, 1) to RAS mm at the voxel's centre;
// voxel triples are (d, h, w). DICOM speaks LPS: only the first two world axes change sign.
import type { Affine, Triple } from '../base/shape.ts'

/** A position in space in millimetres, [x, y, z]; the variable's name says RAS or LPS. */
export type PointMm = readonly [number, number, number]

/** World position of a (possibly fractional) voxel index (d, h, w), RAS mm. */
export function voxelToRasMm(affine: Affine, [d, h, w]: Triple): PointMm {
  const row = (r: number) => affine[r] * w + affine[r + 1] * h + affine[r + 2] * d + affine[r + 3]
  return [row(0), row(4), row(8)]
}

/** Fractional voxel index (d, h, w) of a world position in RAS mm. */
export function rasMmToVoxel(affine: Affine, pointRasMm: PointMm): Triple {
  const inverse = invertAffine(affine)
  const [x, y, z] = pointRasMm
  const row = (r: number) => inverse[r] * x + inverse[r + 1] * y + inverse[r + 2] * z + inverse[r + 3]
  return [row(8), row(4), row(0)]
}

/** RAS ↔ LPS; its own inverse. */
export function rasToLps([x, y, z]: PointMm): PointMm {
  return [-x, -y, z]
}

/**
 * Inverse of an affine whose last row is (0, 0, 0, 1).
 * @throws Error when its axes do not span space; readers refuse such files before.
 */
export function invertAffine(affine: Affine): Affine {
  const [a, b, c, x, d, e, f, y, g, h, i, z] = affine
  const determinant = determinantOf(affine)
  if (!Number.isFinite(1 / determinant))
    throw new Error(`invertAffine: expected axes that span space, got a determinant of ${determinant}`)
  const rows = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map(row => row.map(value => value / determinant))
  const inverse = rows.flatMap(([p, q, r]) => [p, q, r, -(p * x + q * y + r * z)])
  return [...inverse, 0, 0, 0, 1]
}

/** Volume in mm³ of the box that one step along each axis spans, negative where the axes are left-handed. */
function determinantOf([a, b, c, , d, e, f, , g, h, i]: Affine): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
}

/** A tilted gantry shears a stack by up to 30° (0.87 of the upright box); below this share axes have fallen together. */
const minUprightShare = 0.05

/** True when every step is a length that a scan can have (under a metre) and the axes point three different ways. */
export function spansSpace(affine: Affine): boolean {
  const [d, h, w] = spacingOfAffine(affine)
  const areLengths = [d, h, w].every(mm => mm > 0 && mm < 1000)
  return (
    areLengths &&
    affine.every(Number.isFinite) &&
    Math.abs(determinantOf(affine)) > minUprightShare * d * h * w
  )
}

/** Length in mm of a step along each voxel axis, in (D,H,W) order. */
export function spacingOfAffine(affine: Affine): Triple {
  const length = (column: number) => Math.hypot(affine[column], affine[4 + column], affine[8 + column])
  return [length(2), length(1), length(0)]
}
