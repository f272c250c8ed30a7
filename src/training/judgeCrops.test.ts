import { describe, expect, it } from 'vitest'
import { planPhantom } from '../phantom/anatomy.ts'
import { summariseMalignancy } from './evaluate.ts'
import { judgeCrops } from './judgeCrops.ts'
import { recipeFor } from './recipe.ts'

const { entry } = recipeFor('classify', 'demo')

describe('judging the classifier on crops', () => {
  it('shows it each true nodule in the middle of a normalised crop, and keeps what is known of it', async () => {
    const { nodules } = planPhantom(10000)
    const middles: number[] = []
    const judged = await judgeCrops(10000, entry, crop => {
      expect(crop).toHaveLength(32 ** 3)
      expect(crop.every(value => value >= -1 && value <= 1)).toBe(true)
      middles.push(crop[(16 * 32 + 16) * 32 + 16])
      return Promise.resolve(middles.length / 100)
    })
    expect(judged.nodules).toEqual(
      nodules.map(({ radiusMm, malignant, likelihoodRatio }, i) => ({
        diameterMm: 2 * radiusMm,
        malignant,
        likelihoodRatio,
        malignancy: (i + 1) / 100,
      })),
    )
    // Lung is at −0.7 or below; the middle of a solid nodule is soft tissue, above −300 HU.
    nodules.forEach(({ texture, interior }, i) => {
      if (texture === 'solid' && interior === 'none') expect(middles[i]).toBeGreaterThan(0)
    })
  })

  it('finds that a classifier which knows the likelihood ratio is the best possible reader', () => {
    const scans = [10000, 10001, 10003, 10004, 10005].map(seed => ({
      nodules: planPhantom(seed).nodules.map(({ radiusMm, malignant, likelihoodRatio }) => ({
        ...{ diameterMm: 2 * radiusMm, malignant, likelihoodRatio },
        malignancy: likelihoodRatio / (1 + likelihoodRatio),
      })),
    }))
    const { malignancyAuc, bayesAuc, nodules } = summariseMalignancy(scans, 100)
    expect(nodules).toBeGreaterThan(5)
    expect(malignancyAuc.value).toBe(bayesAuc.value)
  })
})
