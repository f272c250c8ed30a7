import { describe, expect, it } from 'vitest'
import {
  bandPath,
  histogram,
  linearAxis,
  linePath,
  nearestPoint,
  reliabilityDots,
  roundStep,
  spreadLabels,
  unitAxis,
  wilson,
} from './chartLayout.ts'

describe('axes', () => {
  it('step by round numbers and hold all values', () => {
    expect(roundStep(0.9, 5)).toBeCloseTo(0.2, 12)
    expect(roundStep(130, 5)).toBe(50)
    const axis = linearAxis([3.2, 27], [0, 100])
    expect([axis.low, axis.high]).toEqual([0, 30])
    expect(axis.ticks.map(({ text }) => text)).toEqual(['0', '5', '10', '15', '20', '25', '30'])
  })
  it('run upwards when the first pixel is the larger, and say minus with a minus', () => {
    const axis = linearAxis([-1, 1], [200, 100])
    expect(axis.place(1)).toBe(100)
    expect(axis.place(-1)).toBe(200)
    expect(axis.ticks[0].text).toBe('−1')
  })
  it('of one value, and of none, are still axes', () => {
    expect(linearAxis([4, 4], [0, 1]).place(4)).toBeGreaterThanOrEqual(0)
    expect(linearAxis([], [0, 10]).place(1)).toBe(10)
  })
})

describe('paths', () => {
  const [x, y] = [unitAxis([0, 100]), unitAxis([100, 0])]
  it('go through their points', () => {
    expect(
      linePath(
        [
          { x: 0, y: 0 },
          { x: 0.5, y: 1 },
        ],
        x,
        y,
      ),
    ).toBe('M0 100L50 0')
  })
  it('close a band along its upper and back along its lower end', () => {
    expect(
      bandPath(
        [
          { x: 0, low: 0.1, high: 0.3 },
          { x: 1, low: 0.5, high: 1 },
        ],
        x,
        y,
      ),
    ).toBe('M0 70L100 0L100 50L0 90Z')
    expect(bandPath([{ x: 0, low: 0, high: 1 }], x, y)).toBe('')
  })
  it('are found by the nearest of their points', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 0.5, y: 0.8 },
      { x: 1, y: 1 },
    ]
    expect(nearestPoint(points, x, y, { x: 45, y: 30 })).toBe(1)
    expect(nearestPoint([], x, y, { x: 0, y: 0 })).toBe(-1)
  })
})

describe('histograms', () => {
  it('count each value once, the highest in the last bin', () => {
    const bins = histogram([
      [1, 4, 10],
      [10, NaN],
    ])
    const total = bins.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0)
    expect(total).toBe(4)
    expect(bins.at(-1)!.counts).toEqual([1, 1])
    expect(bins[0].from).toBeLessThanOrEqual(1)
  })
  it('of nothing have no bin', () => {
    expect(histogram([[], []])).toEqual([])
  })
})

describe('direct labels', () => {
  it('are moved apart in their order and stay above the foot', () => {
    const placed = spreadLabels([50, 52, 95, 96], 12, 100)
    const sorted = [...placed].sort((a, b) => a - b)
    expect(placed).toEqual(sorted)
    for (let i = 1; i < placed.length; i++) expect(placed[i] - placed[i - 1]).toBeGreaterThanOrEqual(12)
    expect(placed[3]).toBeLessThanOrEqual(100)
  })
})

describe('reliability', () => {
  it('has a dot for each bin that holds cases', () => {
    const bins = [
      { count: 0, meanProbability: null, observedShare: null },
      { count: 4, meanProbability: 0.3, observedShare: 0.25 },
    ]
    expect(reliabilityDots(bins)).toHaveLength(1)
    expect(reliabilityDots(bins)[0]).toMatchObject({ x: 0.3, y: 0.25, count: 4 })
  })
  it('gives Wilson’s interval', () => {
    // 8 of 10: 0.490 to 0.943 (Wilson 1927, as in Newcombe 1998, z = 1.96).
    const { low, high } = wilson(0.8, 10)
    expect(low).toBeCloseTo(0.49, 3)
    expect(high).toBeCloseTo(0.943, 3)
    expect(wilson(0, 5).low).toBe(0)
  })
})
