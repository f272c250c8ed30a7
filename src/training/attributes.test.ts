import { describe, expect, it } from 'vitest'
import { planPhantom } from '../phantom/anatomy.ts'
import { attributeCount, attributesOf } from './attributes.ts'
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

/** Every nodule of the validation split, among which the crops' own are. */
function planSeeds() {
  return Array.from({ length: 200 }, (_, i) => planPhantom(10000 + i)).flatMap(plan => plan.nodules)
}
