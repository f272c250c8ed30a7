import { describe, expect, it } from 'vitest'
import { outlineOf } from './outline.ts'

describe('the outline of a mask', () => {
  it('has four edges around one pixel, six around two', () => {
    expect(outlineOf(Uint8Array.of(0, 1, 0, 0), 2, 2)).toHaveLength(4 * 4)
    expect(outlineOf(Uint8Array.of(1, 1, 0, 0), 2, 2)).toHaveLength(6 * 4)
  })
  it('runs along the border of the slice too', () => {
    expect(outlineOf(new Uint8Array(9).fill(1), 3, 3)).toHaveLength(12 * 4)
  })
  it('of nothing is nothing', () => {
    expect(outlineOf(new Uint8Array(9), 3, 3)).toEqual([])
  })
})
