// The file's grid and the memory grid: which file axis runs along S, A and R, and which ones backwards. Turning is
// exact (whole axes only); an oblique scan stays oblique, its affine says so.
import type { Affine, Grid, Triple } from '../base/shape.ts'
import { spacingOfAffine, voxelToRasMm } from './geometry.ts'
import type { FileGrid } from './volume.ts'

const permutations: readonly Triple[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
]

/** Component of the file axis (0 D, 1 H, 2 W) along the world axis of a memory axis (0 S, 1 A, 2 R), 0…1, signed. */
function alignment(affine: Affine, fileAxis: number, memoryAxis: number): number {
  const column = 2 - fileAxis
  const length = Math.hypot(affine[column], affine[4 + column], affine[8 + column])
  return affine[4 * (2 - memoryAxis) + column] / length
}

/** How a file of `shape` (its own D,H,W) with `affine` is turned into RAS memory order, and the memory grid. */
export function layFileGrid(shape: Triple, affine: Affine): { fileGrid: FileGrid; memory: Grid } {
  const score = (axes: Triple) =>
    axes.reduce((sum, fileAxis, axis) => sum + Math.abs(alignment(affine, fileAxis, axis)), 0)
  const axes = permutations.reduce((best, next) => (score(next) > score(best) + 1e-9 ? next : best))
  const flips = axes.map((fileAxis, axis) => alignment(affine, fileAxis, axis) < 0) as unknown as [
    boolean,
    boolean,
    boolean,
  ]
  const fileGrid: FileGrid = { shape, spacingMm: spacingOfAffine(affine), affine, axes, flips }
  return { fileGrid, memory: memoryGrid(fileGrid) }
}

function memoryGrid({ shape, affine, axes, flips }: FileGrid): Grid {
  const first = [0, 0, 0]
  axes.forEach((fileAxis, axis) => (first[fileAxis] = flips[axis] ? shape[fileAxis] - 1 : 0))
  const origin = voxelToRasMm(affine, first as unknown as Triple)
  const turned = [0, 1, 2].flatMap(row => [
    ...[2, 1, 0].map(axis => (flips[axis] ? -1 : 1) * affine[4 * row + 2 - axes[axis]]),
    origin[row],
  ])
  const memoryAffine = [...turned, 0, 0, 0, 1]
  return {
    shape: axes.map(axis => shape[axis]) as unknown as Triple,
    spacingMm: spacingOfAffine(memoryAffine),
    affine: memoryAffine,
  }
}

/** Steps in memory of one step along the file's D, H and W, and the memory index of its first voxel. */
export function memorySteps(grid: FileGrid): { start: number; steps: Triple } {
  const memoryShape = grid.axes.map(axis => grid.shape[axis])
  const strides = [memoryShape[1] * memoryShape[2], memoryShape[2], 1]
  const steps = [0, 0, 0]
  let start = 0
  grid.axes.forEach((fileAxis, axis) => {
    steps[fileAxis] = grid.flips[axis] ? -strides[axis] : strides[axis]
    if (grid.flips[axis]) start += (memoryShape[axis] - 1) * strides[axis]
  })
  return { start, steps: steps as unknown as Triple }
}
