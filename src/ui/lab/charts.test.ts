import { describe, expect, it } from 'vitest'
import type { HeadFigure } from '../../insight/headDiversity.ts'
import { fitPoints } from './drawFeatureMap.ts'
import { CHART, layoutHeads, legendText, roundStep } from './headChartLayout.ts'

const figure = (stage: number, block: number, head: number, mm: number): HeadFigure => {
  const spread = (mean: number) => ({ mean, low: mean / 2, high: mean * 1.5 })
  return {
    ...{ stage, block, head, queries: 64, paddingShare: 0 },
    ...{ distanceMm: spread(mm), distanceVoxels: spread(mm), entropyBits: spread(4) },
  }
}

describe('the chart of heads', () => {
  const one = [figure(0, 0, 0, 4), figure(0, 0, 1, 8), figure(1, 0, 0, 20)]
  const two = [figure(0, 0, 0, 6), figure(0, 0, 1, 6), figure(1, 0, 0, 10)]
  const { plots, columns } = layoutHeads([one, two])

  it('has a column a block, named by stage and block from 1', () => {
    expect(columns.map(({ text }) => text)).toEqual(['1·1', '2·1'])
  })

  it('keeps the marks of two checkpoints and of heads apart, each within its block', () => {
    const [distance] = plots
    const places = distance.marks.map(({ x }) => Math.round(x * 10))
    expect(new Set(places).size).toBe(6)
    const middle = (columns[0].x + columns[1].x) / 2
    for (const { figure, x } of distance.marks) expect(x < middle).toBe(figure.stage === 0)
  })

  it('puts larger values higher, on an axis that begins at 0 and ends above the longest bar', () => {
    const [{ marks, ticks, top }] = plots
    expect(ticks[0]).toEqual({ y: top + CHART.plot, text: '0' })
    expect(ticks.map(({ text }) => text)).toEqual(['0', '10', '20', '30'])
    const highest = marks.find(({ figure }) => figure.distanceMm.mean === 20)!
    expect(highest.y).toBeCloseTo(top + CHART.plot / 3, 6)
    expect(highest.yHigh).toBeGreaterThanOrEqual(top)
    expect(highest.yLow).toBeGreaterThan(highest.y)
  })

  it('names a checkpoint in one line, with its version and whose encoder it is', () => {
    expect(legendText('mine 1.0.0', 'pretraining, teacher')).toBe('mine 1.0.0, pretraining, teacher')
    const long = legendText('Pretrained without labels (SMART, synthetic scans) 0.1.0', 'pretraining')
    expect(long).toBe('Pretrained without labels (SMART… 0.1.0, pretraining')
    expect(long.length).toBeLessThanOrEqual(54)
  })

  it('steps by round numbers', () => {
    expect([0.9, 6, 11, 30, 130].map(roundStep)).toEqual([0.2, 2, 5, 10, 50])
  })
})

describe('the map of tokens', () => {
  it('fits into a square without stretching, and upwards is upwards', () => {
    const places = fitPoints(Float32Array.of(0, 0, 10, 0, 0, 5))
    const [x0, y0, x1, , , y2] = places
    expect(x1 - x0).toBeCloseTo(0.92, 5)
    expect(y0 - y2).toBeCloseTo(0.46, 5)
    expect(Math.min(...places)).toBeGreaterThanOrEqual(0.04 - 1e-6)
    expect(Math.max(...places)).toBeLessThanOrEqual(0.96 + 1e-6)
  })
})
