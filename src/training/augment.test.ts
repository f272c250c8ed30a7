import { describe, expect, it } from 'vitest'
import { Random } from '../phantom/random.ts'
import { augment, margin, withMargin, type Mirrors } from './augment.ts'

const shape = [4, 5, 6] as const
const full = withMargin(shape)
const voxels = full[0] * full[1] * full[2]

/** A crop whose HU count its voxels and whose mask is one voxel. */
function countedCrop(marked: readonly [number, number, number]) {
  const at = (marked[0] * full[1] + marked[1]) * full[2] + marked[2]
  return {
    hu: Float32Array.from({ length: voxels }, (_, i) => i),
    mask: Uint8Array.from({ length: voxels }, (_, i) => (i === at ? 1 : 0)),
    at,
  }
}

/** Where the marked voxel lands in each of many draws, those of the box only. */
function landings(mirrors: Mirrors): number[] {
  const { hu, mask, at } = countedCrop([margin, margin, margin])
  return Array.from({ length: 400 }, (_, seed) => {
    const box = augment({ hu, mask }, shape, mirrors, new Random(1, seed))
    const landed = box.mask.indexOf(1)
    // The calibration errs by some per cent and some HU; the voxel under the mark is the one that was marked.
    if (landed >= 0) expect(Math.abs(box.hu[landed] - at)).toBeLessThan(0.03 * (at + 1000) + 60)
    return landed
  }).filter(landed => landed >= 0)
}

describe('augmentation', () => {
  it('moves HU and mask together, by at most the margin', () => {
    const columns = landings('patient').map(landed => Math.floor(landed / 6))
    // Upright: the mark at the margin's corner stays within the first rows and slices.
    for (const row of columns) {
      expect(Math.floor(row / 5)).toBeLessThanOrEqual(margin)
      expect(row % 5).toBeLessThanOrEqual(margin)
    }
  })

  it('mirrors a patient left to right only, a nodule along every axis', () => {
    const slicesOf = (mirrors: Mirrors) => new Set(landings(mirrors).map(landed => Math.floor(landed / 30)))
    expect(Math.max(...slicesOf('patient'))).toBe(margin)
    expect(Math.max(...slicesOf('nodule'))).toBe(3)
    const lasts = landings('patient').filter(landed => landed % 6 === 5)
    expect(lasts.length).toBeGreaterThan(0)
  })

  it('leaves the rendered crop as it was', () => {
    const { hu, mask } = countedCrop([0, 0, 0])
    const before = [hu.slice(), mask.slice()]
    augment({ hu, mask }, shape, 'nodule', new Random(1, 1))
    expect([hu, mask]).toEqual(before)
  })
})
