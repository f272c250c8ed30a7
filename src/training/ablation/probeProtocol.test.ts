import { describe, expect, it } from 'vitest'
import { Random } from '../../phantom/random.ts'
import { areaUnderRoc } from '../metrics.ts'
import { requireOptions } from '../pretrain/options.ts'
import { pairedDifference, setTable, withoutIndeterminate, type JudgedSet } from './ablationTable.ts'
import { drawShare, foldsOf, probeAcross, probeWithin, type LabelledCase } from './probeProtocol.ts'
import { defaultPlan, optionsOf, variants } from './variants.ts'

/** `perGroup` nodules a patient; every other patient's are malignant, every fifth case undecided. */
function casesOf(count: number, perGroup = 1): LabelledCase[] {
  return Array.from({ length: count }, (_, at) => ({
    group: `patient ${Math.floor(at / perGroup)}`,
    isMalignant: Math.floor(at / perGroup) % 2 === 0,
    volumeMm3: at,
    isIndeterminate: at % 5 === 1,
  }))
}

/** Features of which the third tells the classes apart. */
function rowsOf(cases: readonly LabelledCase[], seed: number): Float32Array[] {
  const random = new Random(seed, 1)
  return cases.map(({ isMalignant }) =>
    Float32Array.from({ length: 6 }, (_, i) => random.normal() + (i === 2 && isMalignant ? 2 : 0)),
  )
}

describe('the probe', () => {
  it('keeps a patient in one fold and spreads the classes over the folds', () => {
    const folds = foldsOf(casesOf(40, 2), 5, 1)
    for (let at = 0; at < 40; at += 2) expect(folds[at]).toBe(folds[at + 1])
    const malignantIn = [0, 1, 2, 3, 4].map(
      fold => casesOf(40, 2).filter(({ isMalignant }, at) => isMalignant && folds[at] === fold).length,
    )
    expect(malignantIn).toEqual([4, 4, 4, 4, 4])
  })

  it('draws nested shares of each class, the same for the same seed', () => {
    const cases = casesOf(40)
    const [quarter, half, all] = ([25, 50, 100] as const).map(share => drawShare(cases, share, 3))
    expect([quarter.length, half.length, all.length]).toEqual([10, 20, 40])
    expect(quarter.filter(at => cases[at].isMalignant)).toHaveLength(5)
    expect(quarter.every(at => half.includes(at))).toBe(true)
    expect(drawShare(cases, 25, 3)).toEqual(quarter)
    expect(drawShare(cases, 25, 4)).not.toEqual(quarter)
  })

  it('finds what tells the classes apart in cases that it has not seen', () => {
    const [learn, judge] = [casesOf(80), casesOf(60)]
    const scores = probeAcross(
      { cases: learn, rows: rowsOf(learn, 1) },
      { cases: judge, rows: rowsOf(judge, 2) },
      1,
    )
    const isMalignant = judge.map(one => one.isMalignant)
    // Two deviations apart: 0.92 for the best possible reader.
    expect(areaUnderRoc(scores[100], isMalignant)).toBeGreaterThan(0.85)
    expect(scores[25]).not.toEqual(scores[100])
  })

  it('does not learn from the fold that it judges: labels at random stay at random', () => {
    const cases = casesOf(60)
    const random = new Random(5, 1)
    const rows = cases.map(() => Float32Array.from({ length: 40 }, () => random.normal()))
    const scores = probeWithin({ cases, rows }, 5, 1)
    const auc = areaUnderRoc(
      scores[100],
      cases.map(one => one.isMalignant),
    )
    // 40 features of 48 cases fit any labels; judged on their own they would give 1.
    expect(auc).toBeLessThan(0.75)
  })
})

describe('the table', () => {
  const cases = casesOf(60)
  const constant = (value: (one: LabelledCase, at: number) => number) => {
    const scores = cases.map(value)
    return { 25: scores, 50: scores, 100: scores }
  }
  const perfect = constant(({ isMalignant }) => Number(isMalignant))
  const chance = constant((_, at) => Math.floor(at / 2))
  const set: JudgedSet = { title: 'Test', cases, scores: { smart: [perfect], 'random-masks': [chance] } }

  it('gives the difference from full SMART on the same patients, with an interval that holds it', () => {
    const { value, low, high } = pairedDifference(set, 'random-masks', 100)!
    expect(value).toBeCloseTo(-0.5, 2)
    expect(low).toBeLessThan(value)
    expect(high).toBeGreaterThan(value)
    expect(high).toBeLessThan(0)
    expect(pairedDifference(set, 'scratch', 100)).toBeUndefined()
  })

  it('has a row for each way of pretraining, also for what is not done yet, and size beside them', () => {
    const table = setTable(set)
    expect(table).toContain('### Test: 60 nodules of 60 patients, 30 malignant')
    expect(table).toMatch(/\| full SMART \| 1 \| 1\.000 \(1\.00–1\.00\) \|/)
    expect(table).toMatch(/\| from scratch \(not pretrained\) \| 0 \| not yet \| not yet \| not yet \|/)
    expect(table).toMatch(/\| size alone \(no labels\) \| – \| 0\.4\d\d \[/)
  })

  it('can leave out what the reader could not decide', () => {
    const decided = withoutIndeterminate(set, 'Decided')!
    expect(decided.cases).toHaveLength(48)
    expect(decided.scores.smart![0][50]).toHaveLength(48)
    const all = { ...set, cases: cases.map(one => ({ ...one, isIndeterminate: false })) }
    expect(withoutIndeterminate(all, 'x')).toBeUndefined()
  })
})

describe('the variants', () => {
  it('are all runs that can be made, with full SMART first', () => {
    expect(variants[0].name).toBe('smart')
    for (const variant of variants)
      expect(() => requireOptions(optionsOf(variant, defaultPlan, 1))).not.toThrow()
  })
})
