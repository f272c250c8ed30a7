import { describe, expect, it } from 'vitest'
import { finetuneCurves } from './curves.ts'
import type { FinetuneRow } from './figures.ts'

const row = (step: number, loss: number | null, score?: number): FinetuneRow => ({
  ...{ step, seconds: 1, secondsLeft: 1, stage: 'fold', fold: 0, epoch: 0, epochs: 2, loss },
  ...{ learningRate: 0.001, cropsPerSecond: 1 },
  ...(score !== undefined && { validation: { loss: 1 - score, score, scoreName: 'AUC' as const } }),
})

describe('the curves of fine-tuning', () => {
  it('carry what was judged at the end of an epoch over the updates after it', () => {
    const panels = finetuneCurves([row(0, 0.9), row(1, 0.8, 0.6), row(2, 0.7), row(3, 0.6, 0.7)])
    expect(panels.map(({ yLabel }) => yLabel)).toEqual([
      'loss',
      'AUC of cases that it does not learn from',
      'learning rate',
    ])
    expect(panels[0].series[0].values).toEqual([0.9, 0.8, 0.7, 0.6])
    expect(panels[1].series[0].values).toEqual([NaN, 0.6, 0.6, 0.7])
  })
  it('of a probe, which minimises nothing by gradients, are its scores alone', () => {
    expect(finetuneCurves([row(0, null), row(1, null, 0.8)]).map(({ yLabel }) => yLabel)).toEqual([
      'AUC of cases that it does not learn from',
    ])
    expect(finetuneCurves([])).toEqual([])
  })
})
