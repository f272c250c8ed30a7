import { describe, expect, it } from 'vitest'
import type { JudgedNodule, JudgedScan } from './evaluate.ts'
import { judgeScan, summarise } from './evaluate.ts'
import { chooseRule } from './thresholds.ts'

const grid = {
  shape: [1, 1, 8] as const,
  spacingMm: [1, 1, 1] as const,
  affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
}
const nodule = { radiusMm: 3.5, longAxisMm: 7, malignant: true, likelihoodRatio: 2 }
const finding = (x: number) => ({ centreRasMm: [x, 0, 0] as const })

describe('judging a scan', () => {
  const truth = {
    seed: 1,
    grid,
    instances: Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 0),
    nodules: [{ ...nodule, centreRasMm: [1.5, 0, 0] as const }],
  }
  const labels = Uint8Array.of(0, 0, 1, 1, 1, 1, 0, 2)
  type Findings = Parameters<typeof judgeScan>[1]['findings']

  it('counts a hit, its overlap, and what lies in no nodule', () => {
    const findings = [finding(3.5), finding(7)] as unknown as Findings
    const judged = judgeScan(truth, { findings, labels }, [0.8])
    // 2 of 4 + 4 voxels in common: 2·2/8.
    expect(judged.nodules[0]).toMatchObject({ isFound: true, dice: 0.5, malignancy: 0.8, diameterMm: 7 })
    expect(judged.falsePositives).toBe(1)
  })

  it('forgives a second hit on the same nodule', () => {
    const findings = [finding(3.5), finding(1)] as unknown as Findings
    expect(judgeScan(truth, { findings, labels }, [0.8]).falsePositives).toBe(0)
  })

  it('calls a nodule missed when every finding is further away than its radius', () => {
    const findings = [finding(5.1)] as unknown as Findings
    const judged = judgeScan(truth, { findings, labels }, [0.8])
    expect(judged.nodules[0].isFound).toBe(false)
    expect(judged.nodules[0].dice).toBeNaN()
  })
})

const judgedNodule = (diameterMm: number, isFound: boolean, malignant = false): JudgedNodule => ({
  diameterMm,
  isFound,
  dice: isFound ? 0.7 : NaN,
  malignant,
  likelihoodRatio: malignant ? 3 : 0.3,
  malignancy: malignant ? 0.6 : 0.4,
})
const scan = (falsePositives: number, ...nodules: JudgedNodule[]): JudgedScan => ({
  seed: 0,
  falsePositives,
  nodules,
})

describe('the summary', () => {
  const result = summarise([
    scan(1, judgedNodule(8, true), judgedNodule(4, false)),
    scan(3, judgedNodule(6, false, true)),
  ])

  it('counts nodules of at least 6 mm for detection and all of them for malignancy', () => {
    expect(result.countedNodules).toBe(2)
    expect(result.nodules).toBe(3)
    expect(result.sensitivity.value).toBe(0.5)
    expect(result.falsePositivesPerScan.value).toBe(2)
    expect(result.diceOfFound.value).toBeCloseTo(0.7, 12)
    expect(result.malignancyAuc.value).toBe(1)
  })

  it('gives intervals that hold the value', () => {
    for (const { low, value, high } of [result.sensitivity, result.falsePositivesPerScan]) {
      expect(low).toBeLessThanOrEqual(value)
      expect(high).toBeGreaterThanOrEqual(value)
    }
  })
})

describe('choosing thresholds', () => {
  const rules = [0.3, 0.6, 0.9].map(seedProbability => ({
    seedProbability,
    maskProbability: 0.2,
    smallestDiameterMm: 3,
    leastCompactness: 0,
  }))
  const outcomes = (falsePositives: number[]) => [
    falsePositives.map((count, i) => scan(count, judgedNodule(8, i < 2), judgedNodule(9, i < 1))),
  ]

  it('takes the most sensitive rule within the bearable false positives', () => {
    expect(chooseRule(rules, outcomes([5, 2, 0])).rule.seedProbability).toBe(0.6)
  })

  it('takes the fewest false positives when no rule is bearable', () => {
    expect(chooseRule(rules, outcomes([9, 7, 5])).rule.seedProbability).toBe(0.9)
  })
})
