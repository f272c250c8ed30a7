import { describe, expect, it } from 'vitest'
import { curveSvg, smooth } from './curveSvg.ts'

describe('the curves of a run', () => {
  it('are drawn within their panel, with ticks, labels and a legend', () => {
    const values = Array.from({ length: 100 }, (_, i) => 1 / (1 + i))
    const svg = curveSvg([{ yLabel: 'loss < 1', series: [{ name: 'AMIP', colour: '#123456', values }] }], {
      ...{ title: 'A & B', xLabel: 'updates' },
      smoothing: 5,
    })
    expect(svg).toContain('A &amp; B')
    expect(svg).toContain('loss &lt; 1')
    expect(svg).toMatch(/>AMIP<.*[\s\S]*>updates</)
    expect(svg).toMatch(/>0.5</)
    const [thin] = [...svg.matchAll(/points="([^"]+)"/g)].map(([, points]) => points.split(' '))
    expect(thin).toHaveLength(100)
    const heights = thin.map(point => Number(point.split(',')[1]))
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(40)
    expect(Math.max(...heights)).toBeLessThanOrEqual(250)
    // The loss falls, so the curve goes down the page.
    expect(heights[99]).toBeGreaterThan(heights[0])
  })

  it('have an axis also where every value is 0, and that of a figure whose range is known', () => {
    const series = [{ name: 'Dice', colour: '#123456', values: [0, 0, 0] }]
    const options = { title: '', xLabel: 'updates', smoothing: 1 }
    for (const panel of [
      { yLabel: 'Dice', series },
      { yLabel: 'Dice', series, range: [0, 1] as const },
    ]) {
      const svg = curveSvg([panel], options)
      expect(svg).not.toContain('NaN')
      expect(svg).toMatch(/>0.8</)
    }
  })

  it('are smoothed by the mean around each update', () => {
    expect(smooth([0, 3, 6, 9], 3)).toEqual([1.5, 3, 6, 7.5])
    expect(smooth([NaN, NaN, 4, 6], 3)).toEqual([NaN, NaN, 5, 5])
  })

  it('are refused when there is nothing to draw', () => {
    expect(() => curveSvg([], { title: '', xLabel: '', smoothing: 1 })).toThrow(/no update/)
  })
})
