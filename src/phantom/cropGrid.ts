// The grid a crop is rendered on. Voxels are numbered from the world's origin in steps of the spacing, so that a crop whose voxels
// fall on the whole volume's has the same numbers, positions and noise, and therefore the same bytes.
import type { Triple } from '../base/shape.ts'

export interface CropRequest {
  /** World position of the crop's middle, index (n − 1) / 2 on each axis. */
  readonly centreRasMm: readonly [x: number, y: number, z: number]
  /** Voxels (D, H, W). */
  readonly shape: Triple
  readonly spacingMm: Triple
}

export interface Axis {
  /** World number of the first voxel, margin included. */
  readonly first: number
  readonly count: number
  readonly spacingMm: number
  /** World position of each voxel (mm). */
  readonly positions: Float64Array
}

/** Voxels along one axis: `count` around `centreMm`, `margin` more on each side. */
export function axisAround(centreMm: number, count: number, spacingMm: number, margin: number): Axis {
  const start = centreMm / spacingMm - (count - 1) / 2
  const nearest = Math.floor(start + 0.5)
  const residual = Math.abs(start - nearest) < 1e-6 ? 0 : start - nearest
  const first = nearest - margin
  const positions = new Float64Array(count + 2 * margin)
  for (let i = 0; i < positions.length; i++) positions[i] = (first + i + residual) * spacingMm
  return { first, count: positions.length, spacingMm, positions }
}

/** The same axis cut into `parts` sub-voxels each (odd), for slices thicker than the pixels are wide. */
export function subdivide(axis: Axis, parts: number): Axis {
  if (parts === 1) return axis
  const positions = new Float64Array(axis.count * parts)
  for (let i = 0; i < positions.length; i++) {
    const voxel = Math.floor(i / parts)
    positions[i] = axis.positions[voxel] + ((i - voxel * parts - (parts - 1) / 2) / parts) * axis.spacingMm
  }
  return { first: axis.first * parts, count: positions.length, spacingMm: axis.spacingMm / parts, positions }
}

/** What is painted on: HU, the share of lung and a label for each voxel of z × y × x. */
export interface Canvas {
  readonly z: Axis
  readonly y: Axis
  readonly x: Axis
  /** Width of a voxel's own soft edge (mm). */
  readonly edgeMm: number
  readonly hu: Float32Array
  readonly lung: Float32Array
  readonly labels: Uint8Array
  readonly instances: Uint8Array
}

export function createCanvas(z: Axis, y: Axis, x: Axis): Canvas {
  const voxels = z.count * y.count * x.count
  return {
    z,
    y,
    x,
    edgeMm: (z.spacingMm + y.spacingMm + x.spacingMm) / 3,
    hu: new Float32Array(voxels),
    lung: new Float32Array(voxels),
    labels: new Uint8Array(voxels),
    instances: new Uint8Array(voxels),
  }
}
