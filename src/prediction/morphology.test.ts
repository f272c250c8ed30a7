import { describe, expect, it } from 'vitest'
import type { Triple } from '../base/shape.ts'
import { close, dilate, erode, maskWhere, open, squaredDistanceMm } from './morphology.ts'

const shape: Triple = [9, 11, 13]
const spacingMm: Triple = [2.5, 0.7, 1.1]
const count = 9 * 11 * 13

function position(i: number): Triple {
  return [Math.floor(i / 143), Math.floor(i / 13) % 11, i % 13]
}

function squared(a: Triple, b: Triple): number {
  return a.reduce((sum, value, axis) => sum + ((value - b[axis]) * spacingMm[axis]) ** 2, 0)
}

describe('squaredDistanceMm', () => {
  it('equals the smallest distance over all set voxels, with anisotropic spacing', () => {
    const mask = maskWhere(count, i => i % 97 === 5)
    const set = [...mask.keys()].filter(i => mask[i])
    const distance = squaredDistanceMm(mask, shape, spacingMm)
    for (let i = 0; i < count; i++) {
      const expected = Math.min(...set.map(k => squared(position(i), position(k))))
      // Float32 of a sum of three float64 terms.
      expect(Math.abs(distance[i] - expected)).toBeLessThan(1e-4)
    }
  })

  it('is very large when nothing is set', () => {
    expect(Math.min(...squaredDistanceMm(new Uint8Array(count), shape, spacingMm))).toBeGreaterThan(1e10)
  })
})

describe('closing and opening', () => {
  it('closing fills a narrow gap and never removes; beside the border nothing is added', () => {
    const mask = maskWhere(count, i => {
      const [d, , w] = position(i)
      return d > 1 && d < 7 && w >= 3 && w <= 9 && w !== 6
    })
    const closed = close(mask, shape, spacingMm, 1.5)
    for (let i = 0; i < count; i++) {
      const [d, h, w] = position(i)
      if (mask[i]) expect(closed[i]).toBe(1)
      if (d === 4 && h === 5 && w === 6) expect(closed[i]).toBe(1)
      if (w < 3 || w > 9) expect(closed[i]).toBe(0)
    }
  })

  it('opening removes what is thinner than the ball and keeps what is thicker', () => {
    const mask = maskWhere(count, i => position(i)[2] === 1 || position(i)[2] > 5)
    const opened = open(mask, shape, spacingMm, 1.2)
    for (let i = 0; i < count; i++) expect(opened[i]).toBe(position(i)[2] > 5 ? 1 : 0)
  })

  it('erosion counts the outside of the volume as set', () => {
    const all = new Uint8Array(count).fill(1)
    expect(erode(all, shape, spacingMm, 3).every(value => value === 1)).toBe(true)
    expect(dilate(new Uint8Array(count), shape, spacingMm, 3).some(value => value === 1)).toBe(false)
  })
})
