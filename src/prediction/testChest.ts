// A schematic chest for tests: exact ellipsoids in HU whose place, size and mask are known. Not the phantom, which is
// anatomy; this one is geometry.
import type { Affine, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { rasMmToVoxel, voxelToRasMm } from '../volume/geometry.ts'
import type { OpenedSeries, Volume } from '../volume/volume.ts'

type Point = readonly [number, number, number]

/** An ellipsoid with axes along x, y, z (RAS mm). */
export interface Ellipsoid {
  readonly centreRasMm: Point
  readonly radiiMm: Point
  readonly hu: number
}

export interface ChestOptions {
  readonly spacingMm?: Triple
  /** x extent of the field of view in RAS mm; narrower than the body crops it. */
  readonly fromTo?: { readonly x?: readonly [number, number]; readonly z?: readonly [number, number] }
  readonly nodules?: readonly Ellipsoid[]
  /** Halves the mediastinum so that the lungs meet in front of it. */
  readonly lungsTouch?: boolean
  readonly lungHu?: number
  readonly noiseHu?: number
}

/** Half axes of each lung and its centre's distance from the midline. */
export const lungRadiiMm: Point = [50, 70, 90]
export const lungCentreMm = 65

/** Points of an ellipsoid: 1 on its surface, smaller inside. */
export function insideness(point: Point, { centreRasMm: c, radiiMm: r }: Omit<Ellipsoid, 'hu'>): number {
  const [x, y, z] = [(point[0] - c[0]) / r[0], (point[1] - c[1]) / r[1], (point[2] - c[2]) / r[2]]
  return Math.sqrt(x * x + y * y + z * z)
}

/** Body (superellipse), two ellipsoid lungs, trachea, a foam table below; coordinates around (0, 0, 0). */
export function makeChest(options: ChestOptions = {}): Volume {
  const spacingMm = options.spacingMm ?? [2.5, 2, 2]
  const [x0, x1] = options.fromTo?.x ?? [-180, 180]
  const [z0, z1] = options.fromTo?.z ?? [-120, 120]
  const y0 = -160
  const shape: Triple = [
    Math.round((z1 - z0) / spacingMm[0]),
    Math.round(300 / spacingMm[1]),
    Math.round((x1 - x0) / spacingMm[2]),
  ]
  const affine: Affine = [spacingMm[2], 0, 0, x0, 0, spacingMm[1], 0, y0, 0, 0, spacingMm[0], z0, 0, 0, 0, 1]
  const hu = new Int16Array(voxelCount(shape))
  const lungAt = options.lungsTouch ? lungRadiiMm[0] - 1 : lungCentreMm
  let state = 7
  let i = 0
  for (let d = 0; d < shape[0]; d++)
    for (let h = 0; h < shape[1]; h++)
      for (let w = 0; w < shape[2]; w++) {
        const point: Point = [x0 + w * spacingMm[2], y0 + h * spacingMm[1], z0 + d * spacingMm[0]]
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        const noise = (state / 2 ** 32 - 0.5) * (options.noiseHu ?? 40)
        hu[i++] = Math.max(-1024, Math.round(tissueHu(point, lungAt, options) + noise))
      }
  return { shape, spacingMm, affine, hu }
}

function tissueHu(point: Point, lungAt: number, options: ChestOptions): number {
  const [x, y, z] = point
  const nodule = options.nodules?.find(each => insideness(point, each) <= 1)
  if (nodule) return nodule.hu
  if (y < -115) return Math.abs(x) > 170 || y <= -149 ? -1000 : y <= -145 ? -300 : -930
  const body = (x * x) / 22500
  const depth = (y * y) / 10000
  if (body * body + depth * depth > 1) return -1000
  if (x * x + (y + 60) * (y + 60) < 81 && z > 10) return -990
  const aside = Math.abs(x) - lungAt
  const [a, b, c] = lungRadiiMm
  const isLung = (aside * aside) / (a * a) + (y * y) / (b * b) + (z * z) / (c * c) <= 1
  return isLung ? (options.lungHu ?? -860) : 40
}

/** An opened series around a volume, as a reader would give it. */
export function asSeries(volume: Volume): OpenedSeries {
  const { shape, spacingMm, affine } = volume
  return {
    id: 'test',
    description: 'schematic chest',
    modality: 'CT',
    format: 'nifti',
    shape,
    spacingMm,
    volume,
    fileGrid: { shape, spacingMm, affine, axes: [0, 1, 2], flips: [false, false, false] },
    hu: { min: -1024, max: 100, mean: -500 },
    paddedVoxels: 0,
    warnings: [],
    windows: [],
    synthetic: true,
  }
}

/** Flat indices of the voxels of `volume` whose centres lie inside the ellipsoid. */
export function voxelsInside(
  volume: Pick<Volume, 'shape' | 'affine'>,
  ellipsoid: Omit<Ellipsoid, 'hu'>,
): Int32Array {
  const [D, H, W] = volume.shape
  const found: number[] = []
  for (let i = 0; i < D * H * W; i++) {
    const w = i % W
    const h = ((i - w) / W) % H
    const point = voxelToRasMm(volume.affine, [Math.floor(i / (H * W)), h, w])
    if (insideness(point, ellipsoid) <= 1) found.push(i)
  }
  return Int32Array.from(found)
}

/** Value of a label volume at a world position (nearest voxel). */
export function valueAt(
  values: Uint8Array,
  grid: Pick<Volume, 'shape' | 'affine'>,
  pointRasMm: Point,
): number {
  const [d, h, w] = rasMmToVoxel(grid.affine, pointRasMm).map(Math.round)
  return values[(d * grid.shape[1] + h) * grid.shape[2] + w]
}
