// Resampling: the world must not move. Expected values are the functions themselves, evaluated at each voxel's centre.
import { describe, expect, it } from 'vitest'
import type { Affine, Grid, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import type { PointMm } from './geometry.ts'
import { voxelToRasMm } from './geometry.ts'
import { gridAtSpacing, resample, resampleScalar } from './resample.ts'
import { everyVoxel } from './testScans.ts'
import type { Volume } from './volume.ts'

function makeGrid(shape: Triple, spacingMm: Triple, origin: PointMm = [-40, 25, -100]): Grid {
  const [d, h, w] = spacingMm
  const affine: Affine = [w, 0, 0, origin[0], 0, h, 0, origin[1], 0, 0, d, origin[2], 0, 0, 0, 1]
  return { shape, spacingMm, affine }
}

function fill(grid: Grid, value: (pointRasMm: PointMm) => number): Volume {
  const hu = Int16Array.from(everyVoxel(grid.shape), voxel =>
    Math.round(value(voxelToRasMm(grid.affine, voxel))),
  )
  return { ...grid, hu }
}

function centreOf({ shape, affine }: Grid): PointMm {
  return voxelToRasMm(affine, shape.map(size => (size - 1) / 2) as unknown as Triple)
}

const shape: Triple = [21, 24, 27]
const spacings: Triple[] = [
  [1, 1, 1],
  [2.5, 0.7, 0.7],
  [5, 1.4, 2],
  [0.9, 3.3, 1.2],
  [2, 2, 2],
]

describe('gridAtSpacing', () => {
  it.each(spacings)('keeps the centre of the field of view at %f × %f × %f mm', (...spacingMm) => {
    const grid = makeGrid(shape, [2.5, 0.7, 0.703125])
    const next = gridAtSpacing(grid, spacingMm)
    centreOf(next).forEach((mm, i) => expect(mm).toBeCloseTo(centreOf(grid)[i], 9))
    expect(next.spacingMm).toEqual(spacingMm)
    // The field of view is the same to half a new voxel on each side.
    next.shape.forEach((size, axis) => {
      const [before, after] = [grid.shape[axis] * grid.spacingMm[axis], size * spacingMm[axis]]
      expect(Math.abs(before - after)).toBeLessThanOrEqual(spacingMm[axis] / 2 + 1e-9)
    })
  })

  it('keeps the directions of an oblique grid', () => {
    const affine: Affine = [0.6, -0.8, 0, 1, 0.8, 0.6, 0, 2, 0, 0, 2, 3, 0, 0, 0, 1]
    const next = gridAtSpacing({ shape, spacingMm: [2, 1, 1], affine }, [1, 2, 3])
    const steps = [0.6 * 3, -0.8 * 2, 0, 0.8 * 3, 0.6 * 2, 0, 0, 0, 1]
    ;[0, 1, 2, 4, 5, 6, 8, 9, 10].forEach((at, i) => expect(next.affine[at]).toBeCloseTo(steps[i], 12))
  })

  it('never comes to nothing', () => {
    expect(gridAtSpacing(makeGrid([1, 2, 3], [1, 1, 1]), [10, 10, 10]).shape).toEqual([1, 1, 1])
  })
})

describe('resample', () => {
  it('changes nothing at the spacing that it has', () => {
    const volume = fill(makeGrid(shape, [2.5, 0.7, 0.7]), ([x, y, z]) => 3 * x + 5 * y * y - z)
    const next = resample(volume, volume.spacingMm)
    expect(next.hu).toEqual(volume.hu)
    next.affine.forEach((value, i) => expect(value).toBeCloseTo(volume.affine[i], 9))
  })

  it.each(spacings)('keeps a constant constant at %f × %f × %f mm', (...spacingMm) => {
    const next = resample(
      fill(makeGrid(shape, [2.5, 0.7, 0.703125]), () => -777),
      spacingMm,
    )
    expect(next.hu.every(hu => hu === -777)).toBe(true)
  })

  it.each(spacings)('keeps a ramp a ramp, to the millimetre, at %f × %f × %f mm', (...spacingMm) => {
    // Steep, so that 0.02 mm would show: 60 HU per mm along each axis in turn.
    for (const axis of [0, 1, 2] as const) {
      const grid = makeGrid(shape, [2.5, 0.7, 0.703125], [0, 0, 0])
      const next = resample(
        fill(grid, point => 60 * point[2 - axis]),
        spacingMm,
      )
      const reach = Math.max(1, spacingMm[axis] / grid.spacingMm[axis])
      const last = grid.shape[axis] - 1
      let [checked, largest] = [0, 0]
      everyVoxel(next.shape).forEach((voxel, i) => {
        const point = voxelToRasMm(next.affine, voxel)
        const inFile = point[2 - axis] / grid.spacingMm[axis]
        if (inFile < reach || inFile > last - reach) return // the edge voxel repeats there
        checked++
        // Half a HU from rounding on the way in, half on the way out.
        largest = Math.max(largest, Math.abs(next.hu[i] - 60 * point[2 - axis]))
      })
      expect(largest).toBeLessThanOrEqual(1.01)
      expect(checked).toBeGreaterThan(voxelCount(next.shape) / 4)
    }
  })

  it('averages what is finer than the new spacing instead of picking from it', () => {
    // A pattern of single voxels, ±1000: at three times the spacing only its mean is left.
    const grid = makeGrid([30, 30, 30], [1, 1, 1])
    const hu = Int16Array.from(everyVoxel(grid.shape), ([d, h, w]) => ((d + h + w) % 2 ? 1000 : -1000))
    const next = resample({ ...grid, hu }, [3, 3, 3])
    const inner = everyVoxel(next.shape).flatMap((voxel, i) =>
      voxel.every(at => at > 0 && at < 9) ? [Math.abs(next.hu[i])] : [],
    )
    // A tent of radius 3 leaves 1/9 of it on each axis.
    expect(Math.max(...inner)).toBeLessThanOrEqual(2)
    expect(inner.length).toBe(8 ** 3)
  })

  it('interpolates halfway between two voxels when the grid gets finer', () => {
    const grid = makeGrid([1, 1, 2], [1, 1, 1])
    const next = resample({ ...grid, hu: Int16Array.from([0, 100]) }, [1, 1, 0.5])
    // Centres at −0.25, 0.25, 0.75, 1.25 of the old voxels; the edge voxel repeats outside.
    expect([...next.hu]).toEqual([0, 25, 75, 100])
  })

  it('keeps a blob where it is in the world', () => {
    const grid = makeGrid([24, 60, 60], [2.5, 0.7, 0.7], [0, 0, 0])
    const at: PointMm = [19.3, 23.1, 31.7]
    const blob = ([x, y, z]: PointMm) =>
      1000 * Math.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2 + (z - at[2]) ** 2) / (2 * 4 ** 2))
    const next = resample(fill(grid, blob), [1, 1, 1])
    const sum = [0, 0, 0, 0]
    everyVoxel(next.shape).forEach((voxel, i) => {
      const point = voxelToRasMm(next.affine, voxel)
      ;[1, ...point].forEach((value, j) => (sum[j] += value * next.hu[i]))
    })
    at.forEach((mm, i) => expect(Math.abs(sum[i + 1] / sum[0] - mm)).toBeLessThan(0.05))
  })
})

describe('resampleScalar', () => {
  const from = makeGrid([6, 7, 8], [2, 1, 0.5], [5, 6, 7])
  const ramp = ([x, y, z]: PointMm) => 2 * x - 3 * y + z
  const data = Float32Array.from(everyVoxel(from.shape), voxel => ramp(voxelToRasMm(from.affine, voxel)))

  it('samples a ramp exactly on an oblique grid inside', () => {
    const to: Grid = {
      shape: [3, 3, 3],
      spacingMm: [1, 1, 1],
      affine: [0.6, -0.8, 0, 6.5, 0.8, 0.6, 0, 7.5, 0, 0, 1, 9, 0, 0, 0, 1],
    }
    const sampled = resampleScalar(data, from, to, NaN)
    everyVoxel(to.shape).forEach((voxel, i) => {
      const point = voxelToRasMm(to.affine, voxel)
      const isInside = [point[0] >= 5, point[0] <= 8.5, point[1] >= 6, point[1] <= 12].every(Boolean)
      if (isInside) expect(sampled[i]).toBeCloseTo(ramp(point), 4)
    })
    expect([...sampled].filter(Number.isFinite).length).toBeGreaterThan(15)
  })

  it('repeats the edge for half a voxel and gives the outside value beyond', () => {
    // Along x the voxels lie at 5 … 8.5 mm, half a voxel is 0.25 mm.
    const at = (x: number): Grid => ({
      shape: [1, 1, 1],
      spacingMm: [1, 1, 1],
      affine: [1, 0, 0, x, 0, 1, 0, 6, 0, 0, 1, 7, 0, 0, 0, 1],
    })
    const value = (x: number) => resampleScalar(data, from, at(x), -1)[0]
    expect(value(4.8)).toBe(ramp([5, 6, 7]))
    expect(value(8.7)).toBe(ramp([8.5, 6, 7]))
    expect(value(4.7)).toBe(-1)
    expect(value(8.8)).toBe(-1)
  })
})
