import { describe, expect, it } from 'vitest'
import { Random } from '../../phantom/random.ts'
import { areaUnderRoc, bootstrap } from '../metrics.ts'
import { brierOf, calibrationError, reliabilityBins } from './calibration.ts'
import { estimate, leastPatients, meanOf, resample } from './resampling.ts'
import { aucStatistic, chooseThreshold, rocCurve } from './roc.ts'

const ones = (length: number) => new Uint8Array(length).fill(1)

/** Hanley & McNeil 1982, table I: 109 CT images rated 1 to 5, normal and abnormal ones by rating. */
const rated = { normal: [33, 6, 6, 11, 2], abnormal: [3, 2, 2, 11, 33] }

function ratedCases() {
  const of = (counts: readonly number[], isPositive: boolean) =>
    counts.flatMap((count, at) => Array.from({ length: count }, () => ({ score: at + 1, isPositive })))
  const cases = [...of(rated.normal, false), ...of(rated.abnormal, true)]
  return {
    scores: cases.map(({ score }) => score),
    isPositive: cases.map(({ isPositive }) => isPositive),
    patients: cases.map((_, at) => at),
  }
}

describe('area under the ROC curve of weighted cases', () => {
  it('is 0.893 in Hanley & McNeil’s example, its interval near theirs', () => {
    const { scores, isPositive, patients } = ratedCases()
    const figure = estimate(aucStatistic(scores, isPositive), resample(patients, 2000, 1))!
    expect(figure.value).toBeCloseTo(0.893, 3)
    // Their standard error is 0.032; a percentile bootstrap of 2000 draws comes within a tenth or two of ±1.96 of it.
    const [low, high] = figure.interval!
    expect((high - low) / 2 / 1.96).toBeGreaterThan(0.026)
    expect((high - low) / 2 / 1.96).toBeLessThan(0.038)
  })

  it('is areaUnderRoc, and its interval that of bootstrap over the same patients', () => {
    const random = new Random(3, 1)
    const patients = Array.from({ length: 40 }, () => random.below(15))
    const isPositive = patients.map(() => random.uniform() < 0.4)
    const scores = isPositive.map(positive => Math.round(10 * (random.uniform() + (positive ? 0.3 : 0))))
    const units = [...new Set(patients)].map(patient =>
      patients.flatMap((p, i) => (p === patient ? [i] : [])),
    )
    const plain = bootstrap(units, sample =>
      areaUnderRoc(
        sample.flat().map(i => scores[i]),
        sample.flat().map(i => isPositive[i]),
      ),
    )
    const figure = estimate(aucStatistic(scores, isPositive), resample(patients, 2000, 1))!
    expect(figure.value).toBeCloseTo(plain.value, 12)
    expect(figure.interval![0]).toBeCloseTo(plain.low, 12)
    expect(figure.interval![1]).toBeCloseTo(plain.high, 12)
  })

  it('is null with one class, and without an interval for few patients', () => {
    const few = resample([0, 1, 2, 3], 100, 1)
    expect(estimate(aucStatistic([1, 2, 3, 4], [true, true, true, true]), few)).toBeNull()
    expect(few.patients).toBeLessThan(leastPatients)
    expect(estimate(meanOf([1, 2, 3, null]), few)).toEqual({ value: 2, interval: null })
  })
})

describe('ROC curve', () => {
  it('goes through the points of Hanley & McNeil’s ratings', () => {
    const { scores, isPositive, patients } = ratedCases()
    const roc = rocCurve(scores, isPositive, resample(patients, 500, 1))!
    // From rating 5 on: 33 of 51 abnormal, 2 of 58 normal; from 4 on: 44 of 51, 13 of 58.
    expect(roc.points[1]).toEqual({ threshold: 5, sensitivity: 33 / 51, falsePositiveRate: 2 / 58 })
    expect(roc.points[2]).toEqual({ threshold: 4, sensitivity: 44 / 51, falsePositiveRate: 13 / 58 })
    expect(roc.points.at(-1)).toEqual({ threshold: 1, sensitivity: 1, falsePositiveRate: 1 })
  })

  it('has a band that holds the curve and grows with 1 − specificity', () => {
    const { scores, isPositive, patients } = ratedCases()
    const { band } = rocCurve(scores, isPositive, resample(patients, 500, 1))!
    expect(band).toHaveLength(51)
    // At 0.2 the curve lies between (2/58, 33/51) and (13/58, 44/51).
    const slope = (44 - 33) / 51 / ((13 - 2) / 58)
    const at = 33 / 51 + slope * (0.2 - 2 / 58)
    expect(band[10].low).toBeLessThan(at)
    expect(band[10].high).toBeGreaterThan(at)
    band.slice(1).forEach(({ low, high }, i) => {
      expect(low).toBeGreaterThanOrEqual(band[i].low)
      expect(high).toBeGreaterThanOrEqual(band[i].high)
    })
  })

  it('is null where a class is missing', () => {
    expect(rocCurve([1, 2], [true, true], resample([0, 1], 10, 1))).toBeNull()
  })
})

describe('threshold of training cases', () => {
  it('stands halfway below the case that makes Youden’s index largest', () => {
    // From 0.6 on: sensitivity 1, specificity 2/3 (index 0.67); from 0.9 on: 1/2 and 1.
    expect(chooseThreshold([0.9, 0.7, 0.6, 0.3, 0.1], [true, false, true, false, false])).toBeCloseTo(
      0.45,
      12,
    )
  })
  it('is one half where nothing can be chosen', () => {
    expect(chooseThreshold([0.2, 0.9], [true, true])).toBe(0.5)
    expect(chooseThreshold([NaN, 0.9], [true, false])).toBe(0.5)
    expect(chooseThreshold([0.4, 0.4], [true, false])).toBe(0.5)
  })
})

describe('calibration', () => {
  /** Brier 1950, table 1: chance of rain on ten days, and whether it rained. */
  const rain = [0.7, 0.9, 0.8, 0.4, 0.2, 0, 0, 0, 0, 0.1]
  const rained = [0, 1, 1, 1, 0, 0, 0, 0, 0, 0]

  it('gives Brier’s example half of his 0.19, which counts both classes', () => {
    const squares = rain.map((p, i) => brierOf([1 - p, p], rained[i]))
    expect(squares.reduce((sum, square) => sum + square, 0) / 10).toBeCloseTo(0.19 / 2, 12)
    expect(brierOf([0.2, 0.3, 0.5], 1)).toBeCloseTo(0.04 + 0.49 + 0.25, 12)
  })

  it('bins and the error over them, by hand', () => {
    const claims = [
      { probability: 0.05, cameTrue: false },
      { probability: 0.07, cameTrue: true },
      { probability: 1, cameTrue: true },
    ]
    const bins = reliabilityBins(claims)
    expect(bins[0]).toMatchObject({ count: 2, observedShare: 0.5 })
    expect(bins[0].meanProbability).toBeCloseTo(0.06, 12)
    expect(bins[9]).toMatchObject({ count: 1, meanProbability: 1, observedShare: 1 })
    expect(bins[5]).toMatchObject({ count: 0, meanProbability: null, observedShare: null })
    // 2/3 of the cases are off by 0.44, 1/3 by nothing.
    expect(calibrationError(claims)(ones(3))).toBeCloseTo((2 / 3) * 0.44, 12)
  })
})
