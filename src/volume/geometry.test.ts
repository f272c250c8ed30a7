// Voxels and millimetres, by hand.
import { describe, expect, it } from 'vitest'
import type { Affine } from '../base/shape.ts'
import {
  invertAffine,
  rasMmToVoxel,
  rasToLps,
  spacingOfAffine,
  spansSpace,
  voxelToRasMm,
} from './geometry.ts'

/** w → −y in steps of 0.5, h → z in steps of 2, d → x in steps of 4; the first voxel at (1, 2, 3). */
const turned: Affine = [0, 0, 4, 1, -0.5, 0, 0, 2, 0, 2, 0, 3, 0, 0, 0, 1]

describe('geometry', () => {
  it('maps (d, h, w) with an affine of (w, h, d) columns', () => {
    expect(voxelToRasMm(turned, [10, 20, 30])).toEqual([41, -13, 43])
  })

  it('finds the voxel of a place again, fractions too', () => {
    const voxel = rasMmToVoxel(turned, [41, -13, 44])
    ;[10, 20.5, 30].forEach((at, axis) => expect(voxel[axis]).toBeCloseTo(at, 12))
  })

  it('inverts a sheared affine', () => {
    const sheared: Affine = [0.7, 0, 0.4, -100, 0, 0.7, 0, 50, 0, 0, 2.5, -300, 0, 0, 0, 1]
    const inverse = invertAffine(sheared)
    for (const point of [
      [0, 0, 0],
      [12, 34, 56],
    ]) {
      const row = (matrix: Affine, values: readonly number[], r: number) =>
        matrix[4 * r] * values[0] +
        matrix[4 * r + 1] * values[1] +
        matrix[4 * r + 2] * values[2] +
        matrix[4 * r + 3]
      const world = [0, 1, 2].map(r => row(sheared, point, r))
      ;[0, 1, 2].forEach(r => expect(row(inverse, world, r)).toBeCloseTo(point[r], 9))
    }
  })

  it('refuses to invert what is flat', () => {
    expect(() => invertAffine([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])).toThrow(
      /axes that span space/,
    )
  })

  it('measures steps in (D,H,W) order', () => {
    expect(spacingOfAffine(turned)).toEqual([4, 2, 0.5])
  })

  it('changes the sign of x and y between RAS and LPS', () => {
    expect(rasToLps([1, 2, 3])).toEqual([-1, -2, 3])
  })

  it.each([
    ['a turned grid', turned, true],
    // tan 30°: the strongest tilt of a gantry.
    ['a stack tilted by 30°', [1, 0, 0, 0, 0, 1, 0.577, 0, 0, 0, 1, 0, 0, 0, 0, 1], true],
    ['two equal axes', [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], false],
    ['axes one degree apart', [1, 1, 0, 0, 0, 0.0175, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], false],
    ['a step of nothing', [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], false],
    ['a step of a metre', [1000, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], false],
    ['an origin at infinity', [1, 0, 0, Infinity, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], false],
    ['NaN', [NaN, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], false],
  ])('says whether %s spans space', (_, affine, expected) => {
    expect(spansSpace(affine)).toBe(expected)
  })
})
