import { describe, expect, it } from 'vitest'
import { areaUnderRoc, bootstrap, diceOverlap, matchFindings } from './metrics.ts'

describe('area under the ROC curve', () => {
  it('counts the pairs that are ordered rightly, ties half', () => {
    // Pairs (positive, negative): .8>.1, .8>.5, .5>.1, .5=.5 → 3.5 of 4.
    expect(areaUnderRoc([0.8, 0.5, 0.1, 0.5], [true, true, false, false])).toBeCloseTo(3.5 / 4, 12)
  })
  it('has no value with one class only', () => {
    expect(areaUnderRoc([1, 2], [true, true])).toBeNaN()
  })
})

describe('matching by LUNA16’s rule', () => {
  const nodule = { centreRasMm: [10, 0, 0] as const, radiusMm: 4 }
  it('takes a centre within the radius as a hit and ignores a second one', () => {
    const matched = matchFindings(
      [nodule],
      [
        [13.9, 0, 0],
        [10, 1, 0],
        [10, 0, 4.1],
      ],
    )
    expect(matched.findingOfNodule).toEqual([0])
    expect(matched.falsePositives).toEqual([2])
  })
  it('says −1 for a nodule that nobody found', () => {
    expect(matchFindings([nodule], []).findingOfNodule).toEqual([-1])
  })
})

describe('overlap and intervals', () => {
  it('gives Dice 2/3 for masks of two and one voxels that share one', () => {
    expect(diceOverlap([1, 1, 0], [0, 1, 0])).toBeCloseTo(2 / 3, 12)
  })
  it('encloses the mean of a fair sample and is the same each time', () => {
    const sample = Array.from({ length: 50 }, (_, i) => i)
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
    const interval = bootstrap(sample, mean)
    expect(interval.low).toBeLessThan(24.5)
    expect(interval.high).toBeGreaterThan(24.5)
    expect(bootstrap(sample, mean)).toEqual(interval)
  })
})
