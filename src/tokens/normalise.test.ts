import { describe, expect, it } from 'vitest'
import { normaliseHu } from './normalise.ts'

describe('normaliseHu', () => {
  it('maps the window to the output range and clips outside it', () => {
    const hu = Int16Array.of(-1024, -1000, -300, 400, 3071)
    expect([...normaliseHu(hu, [-1000, 400])]).toEqual([0, 0, 0.5, 1, 1])
    expect([...normaliseHu(hu, [-1000, 400], [-1, 1])]).toEqual([-1, -1, 0, 1, 1])
  })

  it('works in place', () => {
    const hu = Float32Array.of(-1000, 400)
    expect(normaliseHu(hu, [-1000, 400], [0, 1], hu)).toBe(hu)
    expect([...hu]).toEqual([0, 1])
  })

  it('refuses an empty window', () => {
    expect(() => normaliseHu(new Float32Array(1), [0, 0])).toThrow(/must rise/)
  })
})
