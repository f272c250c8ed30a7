// What a reader would measure of a segmented nodule, on the scan's own grid: volume, centroid, axes, mean HU.
// Convention: a nodule's outline lies halfway between the centres of a voxel inside and its neighbour outside, so
// that a run of n voxels measures n × spacing. Slices in oblique or sheared grids are measured in millimetres.
import type { Grid } from '../base/shape.ts'
import { voxelToRasMm } from '../volume/geometry.ts'
import type { Point } from './convexHull.ts'
import { convexHull } from './convexHull.ts'
import type { WorldMm } from './finding.ts'

export interface Measurement {
  /** Centroid of the voxels. */
  readonly centreRasMm: WorldMm
  /** Voxel count × voxel volume (IBSI YEKZ). */
  readonly volumeMm3: number
  readonly longAxisMm: number
  readonly shortAxisMm: number
  readonly longAxisPlane: Plane
  readonly meanHu: number
}

export type Plane = 'axial' | 'coronal' | 'sagittal'

/**
 * Measures the voxels (flat indices into `grid`, at least one).
 * Long axis: the largest diameter of any slice in the three planes of the grid; short axis: the extent of that same
 * slice perpendicular to it (calliper width). Both of the convex hull of the outline points.
 */
export function measureNodule(voxels: Int32Array, grid: Grid, hu: Int16Array): Measurement {
  if (voxels.length === 0) throw new Error('measureNodule: a nodule without voxels cannot be measured.')
  const count = voxels.length
  const centre = centroidRasMm(voxels, grid)
  const sumHu = voxels.reduce((sum, index) => sum + hu[index], 0)
  return {
    centreRasMm: centre,
    volumeMm3: count * voxelVolumeMm3(grid),
    ...largestAxes(voxels, grid),
    meanHu: sumHu / count,
  }
}

/** Mean position of the voxels (flat indices into `grid`, at least one), RAS mm. */
export function centroidRasMm(voxels: Int32Array, { shape, affine }: Grid): WorldMm {
  const [, H, W] = shape
  let [sumD, sumH, sumW] = [0, 0, 0]
  for (const index of voxels) {
    const [d, h, w] = unravel(index, H, W)
    sumD += d
    sumH += h
    sumW += w
  }
  const [x, y, z] = voxelToRasMm(affine, [sumD / voxels.length, sumH / voxels.length, sumW / voxels.length])
  return [x, y, z]
}

/**
 * The voxels' volume as a share of the ball whose points are as far from its centre in the mean square: 1 for a ball
 * (nothing is more compact), 0.6 for a disc three times as wide as thick, below 0.1 for a vessel twelve times as long as wide.
 */
export function compactness(voxels: Int32Array, grid: Grid): number {
  const [, H, W] = grid.shape
  const centre = centroidRasMm(voxels, grid)
  let squares = 0
  for (const index of voxels) {
    const point = voxelToRasMm(grid.affine, unravel(index, H, W))
    for (const axis of [0, 1, 2]) squares += (point[axis] - centre[axis]) ** 2
  }
  const voxelMm3 = voxelVolumeMm3(grid)
  // A voxel has an extent of its own: the mean square over a cube of that volume.
  const meanSquare = squares / voxels.length + voxelMm3 ** (2 / 3) / 4
  const radiusMm = Math.sqrt((5 / 3) * meanSquare) // a ball's mean square is 3/5 of its radius squared
  return Math.min(1, (voxels.length * voxelMm3) / ((4 / 3) * Math.PI * radiusMm ** 3))
}

/** |det| of the affine: right also where the axes are not perpendicular (gantry tilt). */
export function voxelVolumeMm3({ affine: m }: Grid): number {
  return Math.abs(
    m[0] * (m[5] * m[10] - m[6] * m[9]) -
      m[1] * (m[4] * m[10] - m[6] * m[8]) +
      m[2] * (m[4] * m[9] - m[5] * m[8]),
  )
}

export function unravel(index: number, H: number, W: number): [number, number, number] {
  const w = index % W
  const rest = (index - w) / W
  return [Math.floor(rest / H), rest % H, w]
}

interface Section {
  readonly longAxisMm: number
  readonly shortAxisMm: number
}

/** Per plane: its name, the axis it is perpendicular to, and its two own axes, all as (D,H,W) numbers. */
const planes: readonly [Plane, number, number, number][] = [
  ['axial', 0, 2, 1],
  ['coronal', 1, 2, 0],
  ['sagittal', 2, 1, 0],
]

function largestAxes(voxels: Int32Array, grid: Grid): Section & { longAxisPlane: Plane } {
  let best: Section & { longAxisPlane: Plane } = { longAxisMm: 0, shortAxisMm: 0, longAxisPlane: 'axial' }
  const [, H, W] = grid.shape
  for (const [plane, normal, u, v] of planes) {
    const slices = new Map<number, [number, number][]>()
    for (const index of voxels) {
      const voxel = unravel(index, H, W)
      const slice = slices.get(voxel[normal])
      if (slice) slice.push([voxel[u], voxel[v]])
      else slices.set(voxel[normal], [[voxel[u], voxel[v]]])
    }
    const toMm = planeMetric(grid, u, v)
    for (const pixels of slices.values()) {
      const section = callipers(convexHull(outline(pixels).map(toMm)))
      if (section.longAxisMm > best.longAxisMm + 1e-9) best = { ...section, longAxisPlane: plane }
    }
  }
  return best
}

/** Points halfway to each 4-neighbour outside, in pixel units. Pixels in a run's interior give none. */
function outline(pixels: readonly [number, number][]): Point[] {
  const rows = new Map<number, [number, number]>()
  const columns = new Map<number, [number, number]>()
  const widen = (runs: Map<number, [number, number]>, key: number, value: number) => {
    const run = runs.get(key)
    if (!run) runs.set(key, [value, value])
    else {
      run[0] = Math.min(run[0], value)
      run[1] = Math.max(run[1], value)
    }
  }
  for (const [x, y] of pixels) {
    widen(rows, y, x)
    widen(columns, x, y)
  }
  // Only a row's and a column's ends can be corners of the convex hull.
  const points: Point[] = []
  for (const [y, [first, last]] of rows) points.push({ x: first - 0.5, y }, { x: last + 0.5, y })
  for (const [x, [first, last]] of columns) points.push({ x, y: first - 0.5 }, { x, y: last + 0.5 })
  return points
}

/** Pixel coordinates (u, v) → millimetres in an orthonormal frame of the plane that the two axes span. */
function planeMetric({ affine }: Grid, u: number, v: number): (pixel: Point) => Point {
  const column = (axis: number) => [affine[2 - axis], affine[6 - axis], affine[10 - axis]]
  const dot = (a: number[], b: number[]) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
  const [a, b] = [column(u), column(v)]
  const lengthA = Math.sqrt(dot(a, a))
  const along = dot(a, b) / lengthA
  const across = Math.sqrt(Math.max(0, dot(b, b) - along * along))
  return ({ x, y }) => ({ x: x * lengthA + y * along, y: y * across })
}

/** Largest distance between two corners, and the extent perpendicular to it. */
function callipers(hull: readonly Point[]): Section {
  let squared = 0
  let direction: Point = { x: 1, y: 0 }
  for (let i = 0; i < hull.length; i++) {
    for (let j = i + 1; j < hull.length; j++) {
      const [dx, dy] = [hull[j].x - hull[i].x, hull[j].y - hull[i].y]
      if (dx * dx + dy * dy <= squared) continue
      squared = dx * dx + dy * dy
      direction = { x: dx, y: dy }
    }
  }
  const length = Math.sqrt(squared)
  const heights = hull.map(({ x, y }) => (y * direction.x - x * direction.y) / length)
  return { longAxisMm: length, shortAxisMm: Math.max(...heights) - Math.min(...heights) }
}
