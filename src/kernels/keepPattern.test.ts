import { describe, expect, it } from 'vitest'
import { drawKeepPattern, droppedTokens } from './keepPattern.ts'

describe('the keep pattern', () => {
  it('drops each token equally often, alone and together with its neighbour', () => {
    const [draws, N] = [4000, 20]
    const alone = new Array<number>(N).fill(0)
    const pairs = new Array<number>(N).fill(0)
    for (let step = 0; step < draws; step++) {
      const keep = drawKeepPattern(42, step, 1, N)
      expect(keep.filter(value => value === 0)).toHaveLength(14)
      keep.forEach((value, token) => {
        if (value === 1) return
        alone[token]++
        if (keep[(token + 1) % N] === 0) pairs[token]++
      })
    }
    // Five standard deviations of a binomial count: a fair generator fails once in fifty thousand seeds.
    const room = (p: number) => 5 * Math.sqrt(draws * p * (1 - p))
    const together = (14 / 20) * (13 / 19)
    for (const count of alone) expect(Math.abs(count - 0.7 * draws)).toBeLessThan(room(0.7))
    for (const count of pairs) expect(Math.abs(count - together * draws)).toBeLessThan(room(together))
  })

  it('counts what SPEC 4 asks for where ratio times tokens is a whole number', () => {
    expect(droppedTokens(10, 0.7)).toBe(7) // 0.7·10 is 7 in double precision by luck, 0.7·90 is not 63
    expect(droppedTokens(90, 0.7)).toBe(63)
    expect(droppedTokens(13_824, 0.7)).toBe(9676)
  })
})
