import { describe, expect, it } from 'vitest'
import { Random } from '../../phantom/random.ts'
import { branchCount, drawDropPath, drawPass, passNumbers, scheduledNumbers } from './randomInputs.ts'
import { microConfig, microOptions, microRecipe } from './testSupport.ts'

describe('what changes from pass to pass', () => {
  it('drops branches of later blocks more often, and scales those that stay (SPEC 1)', () => {
    const rows = 2000
    const scales = drawDropPath(microConfig, rows, 0.3, new Random(1, 1))
    expect(scales).toHaveLength(branchCount(microConfig) * rows)
    const branch = (index: number) => Array.from(scales.slice(index * rows, (index + 1) * rows))
    expect(branch(0).every(scale => scale === 1)).toBe(true)
    // The last of four blocks has the whole rate; its branches are 0 or 1 / 0.7.
    const last = branch(7)
    expect([...new Set(last)].sort()).toEqual([0, Math.fround(1 / 0.7)])
    // 600 of 2000 expected, deviation 20.
    expect(Math.abs(last.filter(scale => scale === 0).length - 600)).toBeLessThan(80)
  })

  it('drops exactly the share of patches that was asked for, others in each row and pass', () => {
    const options = microOptions({ teacherDropRatio: 0.25 })
    const { keep } = drawPass(microConfig, microRecipe.cropShape, options, 0)
    const dropped = (row: number) =>
      keep.slice(row * 4096, (row + 1) * 4096).filter(value => value === 0).length
    expect([dropped(0), dropped(1)]).toEqual([1024, 1024])
    const again = drawPass(microConfig, microRecipe.cropShape, options, 0)
    const next = drawPass(microConfig, microRecipe.cropShape, options, 1)
    expect(Buffer.from(again.keep.buffer).equals(Buffer.from(keep.buffer))).toBe(true)
    expect(Buffer.from(next.keep.buffer).equals(Buffer.from(keep.buffer))).toBe(false)
  })

  it('has no input for what is off', () => {
    const options = microOptions({ teacherDropRatio: 0, dropPathRate: 0 })
    expect(drawPass(microConfig, microRecipe.cropShape, options, 0)).toEqual({})
    expect(
      Object.keys(drawPass(microConfig, microRecipe.cropShape, { ...options, masking: 'block' }, 0)),
    ).toEqual(['mask'])
  })

  it('begins at a rate above 0, warms the teacher up, and marks the first and the last pass of an update', () => {
    const options = microOptions({ steps: 100, warmupSteps: 10, temperatureWarmupSteps: 11, accumulate: 3 })
    expect(scheduledNumbers(0, options).learningRate).toBeCloseTo(8e-5, 10)
    expect(scheduledNumbers(9, options).learningRate).toBeCloseTo(8e-4, 10)
    expect(scheduledNumbers(5, options).teacherTemperature).toBeCloseTo(0.055, 10)
    expect(scheduledNumbers(50, options).teacherTemperature).toBe(0.07)
    const passes = [0, 1, 2].map(part => passNumbers(4, part, options))
    expect(passes.map(({ carry, isLast }) => [carry, isLast])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
    ])
    expect(passes[0].correction1).toBeCloseTo(1 - 0.9 ** 5, 12)
  })
})
