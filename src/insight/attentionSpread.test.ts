import { describe, expect, it } from 'vitest'
import { attentionSpread, describeSpread, isNearlyEven } from './attentionSpread.ts'

describe('how far attention is from even', () => {
  it('is nothing for a map of one value, whatever it sums to', () => {
    const spread = attentionSpread(new Float32Array(64).fill(1 / 65))
    expect(spread.entropyShare).toBeCloseTo(1, 6)
    expect(spread.mostOverMean).toBeCloseTo(1, 6)
    expect(isNearlyEven(spread)).toBe(true)
    expect(describeSpread(spread)).toBe(
      'Nearly even: 0.0154 to 0.0154, the largest 1.00 × the mean, entropy 1.0000 of even attention',
    )
  })

  it('is that of the values: half of the tokens alone have ln 32 of ln 64', () => {
    const spread = attentionSpread(Float32Array.from({ length: 64 }, (_, i) => (i % 2) / 40))
    expect(spread.entropyShare).toBeCloseTo(5 / 6, 6)
    expect(spread.mostOverMean).toBeCloseTo(2, 5)
    expect(spread.least).toBe(0)
    expect(isNearlyEven(spread)).toBe(false)
    expect(describeSpread(spread)).toMatch(/^0.00 to 0.0250/)
  })
})
