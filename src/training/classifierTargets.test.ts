import { describe, expect, it } from 'vitest'
import { planPhantom } from '../phantom/anatomy.ts'
import { attributeCount, attributesOf, placeOf } from './classifierTargets.ts'
import { createCropSampler } from './phantomCrops.ts'
import { recipeFor } from './recipe.ts'

const nodules = [10000, 10001, 10003, 10004].flatMap(seed => planPhantom(seed).nodules)

describe('attributes of a nodule', () => {
  it('are as many as the head has outputs, and finite', () => {
    expect(nodules.length).toBeGreaterThan(0)
    for (const nodule of nodules) {
      const attributes = attributesOf(nodule)
      expect(attributes).toHaveLength(attributeCount)
      expect(attributes.every(Number.isFinite)).toBe(true)
    }
  })

  it('grow with the size and with what speaks for malignancy', () => {
    const [nodule] = nodules
    const first = attributesOf({ ...nodule, radiusMm: 3.5, likelihoodRatio: 1 })
    const second = attributesOf({ ...nodule, radiusMm: 7, likelihoodRatio: 4 })
    // The median diameter and an even ratio are the origin of their scales.
    expect([first[0], first[7]]).toEqual([0, 0])
    expect(second[0]).toBeGreaterThan(0)
    expect(second[7]).toBeGreaterThan(0)
  })

  it('come with the crop that they describe', () => {
    const recipe = { ...recipeFor('classify', 'demo'), batch: 6 }
    const { images, labels, attributes } = createCropSampler('classify', recipe, 3, 'val')(0)
    const known = planSeeds().map(nodule => ({ nodule, attributes: attributesOf(nodule) }))
    expect(images).toHaveLength(6 * 32 ** 3)
    for (let b = 0; b < 6; b++) {
      const row = Array.from(attributes.slice(b * attributeCount, (b + 1) * attributeCount))
      const match = known.find(({ attributes: own }) => own.every((x, i) => Math.abs(x - row[i]) < 1e-5))
      expect(match?.nodule.malignant).toBe(labels[b] === 1)
    }
  })
})

describe('the place of a nodule', () => {
  const shape = [8, 8, 16] as const
  const at = (d: number, h: number, w: number) => (d * 8 + h) * 16 + w

  it('is the share of each token that the nodule fills', () => {
    const mask = new Uint8Array(8 * 8 * 16)
    // One whole token of 4 voxels a side at (1, 0, 2), and half of the one after it.
    for (let d = 4; d < 8; d++) for (let h = 0; h < 4; h++) for (let w = 8; w < 14; w++) mask[at(d, h, w)] = 1
    const fine = placeOf(mask, shape, 'place4')
    expect(fine).toHaveLength(2 * 2 * 4)
    expect(fine[(1 * 2 + 0) * 4 + 2]).toBe(1)
    expect(fine[(1 * 2 + 0) * 4 + 3]).toBe(0.5)
    expect(fine.reduce((sum, share) => sum + share, 0)).toBe(1.5)
  })

  it('counts a token of 8 voxels a side as whole from half of it on', () => {
    const mask = new Uint8Array(8 * 8 * 16)
    for (let i = 0; i < 64; i++) mask[at(i >> 4, (i >> 2) & 3, 8 + (i & 3))] = 1
    // 64 of 512 voxels: an eighth, twice over.
    expect(Array.from(placeOf(mask, shape, 'place8'))).toEqual([0, 0.25])
    expect(placeOf(mask.fill(1), shape, 'place8')).toEqual(Float32Array.of(1, 1))
  })
})

/** Every nodule of the validation split, among which the crops' own are. */
function planSeeds() {
  return Array.from({ length: 200 }, (_, i) => planPhantom(10000 + i)).flatMap(plan => plan.nodules)
}
