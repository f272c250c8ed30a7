import { describe, expect, it } from 'vitest'
import type { LabelledCase } from '../../../worker/labelledProtocol.ts'
import { balanceOf, diameterMm, diametersByClass } from './cohortNumbers.ts'

const one = (label: number | null, volumeMm3: number | null, isIndeterminate = false): LabelledCase => ({
  ...{ id: 'x', patient: 'x', label, isIndeterminate, hasMask: false, volumeMm3, synthetic: false },
  grid: { shape: [1, 1, 1], spacingMm: [1, 1, 1] },
})

describe('numbers of labelled data', () => {
  const data = { classes: ['benign', 'malignant'], cases: [one(0, 100, true), one(1, null), one(null, 8)] }
  it('count each class, and what has no label', () => {
    expect(balanceOf(data)).toEqual([
      { name: 'benign', count: 1, indeterminate: 1 },
      { name: 'malignant', count: 1, indeterminate: 0 },
      { name: 'without a label', count: 1, indeterminate: 0 },
    ])
  })
  it('give the diameter of a sphere of the same volume', () => {
    // 4/3 π 5³ = 523.6 mm³.
    expect(diameterMm(523.6)).toBeCloseTo(10, 3)
    expect(diametersByClass(data)).toEqual([[diameterMm(100)], []])
    expect(diametersByClass({ ...data, classes: [] })[0]).toHaveLength(2)
  })
})
