import { describe, expect, it } from 'vitest'
import type { Affine, Grid, Triple } from '../base/shape.ts'
import { compactness, measureNodule, voxelVolumeMm3 } from './measure.ts'
import { voxelsInside } from './testChest.ts'

function gridOf(spacingMm: Triple, affine?: Affine): Grid {
  const [d, h, w] = spacingMm
  const shape: Triple = [Math.ceil(60 / d), Math.ceil(60 / h), Math.ceil(60 / w)]
  return { shape, spacingMm, affine: affine ?? [w, 0, 0, -30, 0, h, 0, -30, 0, 0, d, -30, 0, 0, 0, 1] }
}

const constantHu = (grid: Grid, hu: number) =>
  new Int16Array(grid.shape[0] * grid.shape[1] * grid.shape[2]).fill(hu)

describe('measureNodule', () => {
  it.each([
    { spacingMm: [0.5, 0.5, 0.5] as Triple, toleranceMm: 0.5 },
    { spacingMm: [1.25, 0.7, 0.7] as Triple, toleranceMm: 0.7 },
    { spacingMm: [2.5, 0.6, 0.8] as Triple, toleranceMm: 0.9 },
  ])('finds the axes of an ellipsoid at spacing $spacingMm', ({ spacingMm, toleranceMm }) => {
    const grid = gridOf(spacingMm)
    const ellipsoid = { centreRasMm: [1.2, -2.3, 0.7] as const, radiiMm: [6, 12, 9] as const }
    const voxels = voxelsInside(grid, ellipsoid)
    const found = measureNodule(voxels, grid, constantHu(grid, 33))
    // The widest section of a 12 × 24 × 18 mm ellipsoid is the sagittal one: 24 × 18.
    expect(found.longAxisPlane).toBe('sagittal')
    expect(Math.abs(found.longAxisMm - 24)).toBeLessThan(toleranceMm)
    expect(Math.abs(found.shortAxisMm - 18)).toBeLessThan(spacingMm[0])
    expect(Math.abs(found.volumeMm3 / ((4 / 3) * Math.PI * 6 * 12 * 9) - 1)).toBeLessThan(0.03)
    found.centreRasMm.forEach((mm, axis) =>
      expect(Math.abs(mm - ellipsoid.centreRasMm[axis])).toBeLessThan(0.2),
    )
    expect(found.meanHu).toBe(33)
  })

  it('measures in millimetres on an oblique grid', () => {
    // Rotated by 0.3 rad about z: a sphere stays a sphere, wherever its grid points.
    const [c, s] = [0.8 * Math.cos(0.3), 0.8 * Math.sin(0.3)]
    const grid = gridOf([1, 0.8, 0.8], [c, -s, 0, -20, s, c, 0, -30, 0, 0, 1, -30, 0, 0, 0, 1])
    const voxels = voxelsInside(grid, { centreRasMm: [0, 0, 0], radiiMm: [10, 10, 10] })
    const found = measureNodule(voxels, grid, constantHu(grid, 0))
    expect(Math.abs(found.longAxisMm - 20)).toBeLessThan(0.8)
    expect(Math.abs(found.shortAxisMm - 20)).toBeLessThan(1)
    expect(Math.hypot(...found.centreRasMm)).toBeLessThan(0.1)
  })

  it('measures volume and axes on a sheared grid (gantry tilt)', () => {
    const tilt = Math.tan(0.35)
    const grid = gridOf([1, 0.8, 0.8], [0.8, 0, 0, -24, 0, 0.8, tilt, -40, 0, 0, 1, -30, 0, 0, 0, 1])
    expect(voxelVolumeMm3(grid)).toBeCloseTo(0.64, 6)
    const voxels = voxelsInside(grid, { centreRasMm: [0, 0, 0], radiiMm: [9, 9, 9] })
    const found = measureNodule(voxels, grid, constantHu(grid, 0))
    expect(Math.abs(found.volumeMm3 / ((4 / 3) * Math.PI * 729) - 1)).toBeLessThan(0.03)
    expect(Math.abs(found.longAxisMm - 18)).toBeLessThan(0.8)
  })

  it('gives n × spacing for a run of n voxels, and the pixel for a single one', () => {
    const grid = gridOf([2, 0.5, 0.5])
    const [, H, W] = grid.shape
    const at = (d: number, h: number, w: number) => (d * H + h) * W + w
    const hu = constantHu(grid, 0)
    const run = measureNodule(
      Int32Array.from({ length: 9 }, (_, i) => at(5, 5, 5 + i)),
      grid,
      hu,
    )
    // Axial: 9 × 0.5 long, one pixel wide. The coronal section is as long, and the axial one comes first.
    expect([run.longAxisPlane, run.longAxisMm, run.shortAxisMm]).toEqual(['axial', 4.5, 0.5])
    expect(run.volumeMm3).toBe(4.5)
    const one = measureNodule(Int32Array.of(at(5, 5, 5)), grid, hu)
    expect([one.longAxisPlane, one.longAxisMm, one.shortAxisMm]).toEqual(['coronal', 2, 0.5])
  })
})

describe('compactness', () => {
  const grid = gridOf([1.25, 0.7, 0.7])
  const centreRasMm = [0, 0, 0] as const
  // abc / ((a² + b² + c²) / 3)^1.5 for the half axes of an ellipsoid; voxels round the smallest by a few per cent.
  it.each([
    { shape: 'a ball', radiiMm: [8, 8, 8] as const, expected: 1 },
    { shape: 'a disc', radiiMm: [15, 15, 5] as const, expected: 0.564 },
    { shape: 'a vessel', radiiMm: [3, 3, 25] as const, expected: 0.074 },
  ])('of $shape follows from its axes', ({ radiiMm, expected }) => {
    expect(compactness(voxelsInside(grid, { centreRasMm, radiiMm }), grid)).toBeCloseTo(expected, 1)
  })

  it('of a single voxel is that of a cube, nearly a ball', () => {
    expect(compactness(Int32Array.of(0), gridOf([1, 1, 1]))).toBeGreaterThan(0.85)
  })
})
