import { expect, it } from 'vitest'
import { areaUnderRoc } from './metrics.ts'
import { fitLogistic, scoreOf, type FeatureTable } from './probe.ts'

/** Two features on very different scales; the class depends on the first one alone, plus noise that is the same each run. */
function table(count: number, shift: number): FeatureTable {
  const rows = Array.from({ length: count }, (_, i) => {
    const noise = Math.sin(12.9898 * (i + shift)) * 0.8
    return Float32Array.of(1000 * ((i % 2) + noise), 0.001 * Math.cos(78.233 * (i + shift)))
  })
  return { width: 2, rows, labels: rows.map((_, i) => i % 2) }
}

it('finds the feature that tells the classes apart, whatever its scale', () => {
  const model = fitLogistic(table(400, 0), 1)
  const fresh = table(200, 1000)
  const auc = areaUnderRoc(
    fresh.rows.map(row => scoreOf(model, row)),
    fresh.labels.map(label => label === 1),
  )
  // The noise is a sine of amplitude 0.8 against a distance of 1: overlapping, but mostly ordered.
  expect(auc).toBeGreaterThan(0.85)
})

it('gives the base rate where features say nothing', () => {
  const rows = Array.from({ length: 100 }, () => Float32Array.of(1))
  const labels = rows.map((_, i) => (i < 25 ? 1 : 0))
  const { bias } = fitLogistic({ width: 1, rows, labels }, 1)
  const model = fitLogistic({ width: 1, rows, labels }, 1)
  expect(Number.isFinite(bias)).toBe(true)
  expect(1 / (1 + Math.exp(-scoreOf(model, [1])))).toBeCloseTo(0.25, 3)
})
