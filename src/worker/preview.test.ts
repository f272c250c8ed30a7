import { describe, expect, test } from 'vitest'
import { previewHu, previewLabels, previewShape } from './preview.ts'

describe('the small volume of the 3-D view', () => {
  test('a volume that fits is kept as it is', () => {
    expect(previewShape([60, 201, 204], [3, 0.98, 0.98], 3_000_000)).toEqual([60, 201, 204])
  })
  test('a thin-slice chest shrinks to about cubic voxels within the budget', () => {
    const [d, h, w] = previewShape([800, 512, 512], [0.5, 0.7, 0.7], 1_000_000)
    expect(d * h * w).toBeLessThanOrEqual(1_000_000)
    expect(d * h * w).toBeGreaterThan(900_000)
    const [stepD, stepH, stepW] = [400 / d, 358.4 / h, 358.4 / w]
    expect(Math.max(stepD, stepH, stepW) / Math.min(stepD, stepH, stepW)).toBeLessThan(1.03)
  })
  test('an axis that is already coarser keeps its voxels', () => {
    expect(previewShape([40, 512, 512], [10, 0.7, 0.7], 1_000_000)[0]).toBe(40)
  })
  test('halving averages the eight voxels that each output voxel covers', () => {
    const hu = Int16Array.from({ length: 64 }, (_, i) => i)
    // Voxels 0,1,4,5,16,17,20,21 of a 4×4×4 ramp: their mean is 10.5.
    expect(previewHu(hu, [4, 4, 4], [2, 2, 2])[0]).toBe(11)
    expect(previewHu(hu, [4, 4, 4], [2, 2, 2])[7]).toBe(Math.round(10.5 + 2 * 21))
  })
  test('the mean HU survives shrinking by a factor that is no whole number', () => {
    const hu = new Int16Array(30 * 30 * 30).fill(-700)
    expect([...new Set(previewHu(hu, [30, 30, 30], [13, 17, 11]))]).toEqual([-700])
  })
  test('a single labelled voxel is not lost by shrinking', () => {
    const labels = new Uint8Array(20 * 20 * 20)
    labels[(7 * 20 + 13) * 20 + 19] = 3
    const small = previewLabels(labels, [20, 20, 20], [5, 5, 5])
    expect([...small].filter(label => label === 3)).toHaveLength(1)
    expect(small[(1 * 5 + 3) * 5 + 4]).toBe(3)
  })
})
