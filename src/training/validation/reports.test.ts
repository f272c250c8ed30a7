import { describe, expect, it } from 'vitest'
import { Random } from '../../phantom/random.ts'
import { judgeClasses } from './judgeClasses.ts'
import { judgeMasks } from './judgeMasks.ts'
import { reportMarkdown, reportText } from './reportTables.ts'
import type { Compared } from './report.ts'
import type { MaskScore, ScoredClass, ScoredMask } from './scored.ts'

const compared: Compared = {
  after: 'probe',
  before: 'demo 0.1.0',
  data: '6 lesions',
  synthetic: false,
  how: '5 folds by patient',
}
const classes = ['benign', 'malignant']
const quick = { compared, classes, draws: 300, seed: 7 }

function scored(at: number, label: number, p: number, more: Partial<ScoredClass> = {}): ScoredClass {
  return {
    patient: at,
    at,
    label,
    isIndeterminate: false,
    volumeMm3: 100 + at,
    probabilities: [1 - p, p],
    before: [0.5, 0.5],
    ...more,
  }
}

/** Six cases: 0–2 benign, 3–5 malignant; 2 and 3 are called wrongly at one half. */
const six = [0.1, 0.3, 0.9, 0.4, 0.6, 0.8].map((p, at) => scored(at, Number(at > 2), p))

/** `count` patients whose score follows the class by `shift` deviations. */
function cohort(count: number, shift: number, more: (at: number) => Partial<ScoredClass> = () => ({})) {
  const random = new Random(11, 1)
  return Array.from({ length: count }, (_, at) => {
    const label = at % 2
    const p = 1 / (1 + Math.exp(-(random.normal() + (label - 0.5) * shift)))
    return scored(at, label, p, { volumeMm3: 50 + random.uniform() * 100, ...more(at) })
  })
}

const numbersOf = (value: unknown): number[] =>
  typeof value === 'number'
    ? [value]
    : value && typeof value === 'object'
      ? Object.values(value).flatMap(numbersOf)
      : []

describe('classes, judged', () => {
  it('gives the figures of six cases that a hand can count', () => {
    const {
      sets: [all],
      worst,
      threshold,
    } = judgeClasses(six, quick)
    // Pairs (malignant, benign): .4 > .1, .3; .6 > .1, .3; .8 > .1, .3; none above .9: 6 of 9.
    expect(all.after.auc!.value).toBeCloseTo(6 / 9, 12)
    expect(all.after.confusion).toEqual([
      [2, 1],
      [1, 2],
    ])
    expect(all.after.sensitivity!.value).toBeCloseTo(2 / 3, 12)
    expect(all.after.specificity!.value).toBeCloseTo(2 / 3, 12)
    expect(all.after.brier!.value).toBeCloseTo((0.01 + 0.09 + 0.81 + 0.36 + 0.16 + 0.04) / 6, 12)
    // Each case stands in a bin of its own: Σ |p − y| / 6.
    expect(all.after.calibrationError!.value).toBeCloseTo((0.1 + 0.3 + 0.9 + 0.6 + 0.4 + 0.2) / 6, 12)
    expect(all.before!.auc!.value).toBe(0.5)
    expect(all.size!.auc!.value).toBe(1)
    expect(threshold).toEqual({ origin: 'half', range: [0.5, 0.5] })
    expect(worst.map(({ at, called }) => [at, called])).toEqual([
      [2, 1],
      [3, 0],
    ])
  })

  it('calls by the threshold of each case’s own fold', () => {
    const { sets, threshold } = judgeClasses(
      six.map(one => ({ ...one, threshold: one.at < 4 ? 0.95 : 0.35 })),
      quick,
    )
    expect(threshold).toEqual({ origin: 'training', range: [0.35, 0.95] })
    expect(sets[0].after.confusion).toEqual([
      [3, 0],
      [1, 2],
    ])
  })

  it('claims a difference only where the interval leaves out 0', () => {
    const strong = judgeClasses(cohort(80, 4), quick).sets[0].comparisons
    const bySize = strong.find(({ rival }) => rival === 'size')!
    expect(bySize).toMatchObject({ measure: 'AUC', better: 'after', isClear: true })
    expect(bySize.sentence).toMatch(
      /probe is better than size alone: .*leaves out 0, so 80 cases of 80 patients allow the claim/,
    )
    const weak = judgeClasses(cohort(12, 0.6), quick).sets[0].comparisons.find(
      ({ rival }) => rival === 'size',
    )!
    expect(weak.isClear).toBe(false)
    expect(weak.sentence).toMatch(/contains 0: 12 cases of 12 patients do not allow the claim/)
  })

  it('draws patients, not cases: copies of a patient’s cases do not narrow the interval', () => {
    const width = (cases: readonly ScoredClass[]) => {
      const [low, high] = judgeClasses(cases, quick).sets[0].after.auc!.interval!
      return high - low
    }
    const once = cohort(30, 1)
    const thrice = once.flatMap(one => [one, one, one])
    expect(width(thrice)).toBeCloseTo(width(once), 12)
  })

  it('is the same from the same seed, another from another', () => {
    const cases = cohort(40, 1)
    expect(judgeClasses(cases, quick)).toEqual(judgeClasses(cases, quick))
    const other = judgeClasses(cases, { ...quick, seed: 8 }).sets[0].after.auc!
    expect(other.interval).not.toEqual(judgeClasses(cases, quick).sets[0].after.auc!.interval)
  })

  it('reports without the indeterminate cases too', () => {
    const { sets } = judgeClasses(
      cohort(40, 1, at => ({ isIndeterminate: at < 10 })),
      quick,
    )
    expect(sets.map(({ which, cases }) => [which, cases])).toEqual([
      ['all', 40],
      ['decided', 30],
    ])
  })

  it('judges three classes by each against the rest, without size', () => {
    const cases = [0, 1, 2, 0, 1, 2].map((label, at) =>
      scored(at, label, 0, {
        probabilities: [0, 1, 2].map(index => (index === (at === 5 ? 0 : label) ? 0.6 : 0.2)),
        before: null,
      }),
    )
    const {
      sets: [all],
    } = judgeClasses(cases, { ...quick, classes: ['a', 'b', 'c'] })
    // a: its two at .6 over three at .2 and one at .6 (ties half): 7 of 8; b: 1; c: .6 over four, .2 level with four: 6 of 8.
    expect(all.after.auc!.value).toBeCloseTo((7 / 8 + 1 + 6 / 8) / 3, 12)
    expect(all.after.aucByClass.map(figure => figure!.value)).toEqual([7 / 8, 1, 6 / 8])
    expect(all.after.balancedAccuracy!.value).toBeCloseTo((1 + 1 + 0.5) / 3, 12)
    expect(all.after.sensitivity).toBeNull()
    expect(all.size).toBeNull()
  })

  it('sets models of fewer labels beside it, paired by case', () => {
    const cases = cohort(40, 3)
    const few = cohort(40, 0.5)
    const { shares } = judgeClasses(cases, {
      ...quick,
      shares: [
        { share: 0.25, scored: few },
        { share: 0.5, scored: cases },
      ],
    })
    expect(shares.map(({ share }) => share)).toEqual([1, 0.5, 0.25])
    expect(shares[0].difference).toBeNull()
    expect(shares[1].difference).toEqual({ value: 0, interval: [0, 0] })
    expect(shares[2].difference!.value).toBeLessThan(0)
  })
})

describe('what cannot be judged', () => {
  const inputs: Record<string, readonly ScoredClass[]> = {
    'no case': [],
    'one class': six.filter(({ label }) => label === 1),
    'one patient': six.map(one => ({ ...one, patient: 0 })),
    'no numbers': six.map(one => ({ ...one, probabilities: [NaN, NaN] })),
    'a volume missing': six.map(one => ({ ...one, volumeMm3: one.at === 1 ? null : 5 })),
    'a start model that gives no numbers': six.map(one => ({ ...one, before: [NaN, NaN] })),
    'a label of another task': six.map(one => ({ ...one, label: 5 })),
  }
  it.each(Object.entries(inputs))('is said in a sentence, without NaN: %s', (_, cases) => {
    const report = judgeClasses(cases, quick)
    expect(report.remarks.length).toBeGreaterThan(0)
    expect(numbersOf(report).every(Number.isFinite)).toBe(true)
    for (const text of [reportText(report, at => `case ${at}`), reportMarkdown(report)])
      expect(text).not.toMatch(/NaN|undefined|null|Infinity/)
  })

  it('names what is missing', () => {
    const remarks = (name: string) => judgeClasses(inputs[name], quick).remarks.join(' ')
    expect(remarks('no case')).toMatch(/No case could be judged/)
    expect(remarks('one class')).toMatch(/No judged case is “benign”/)
    expect(remarks('one patient')).toMatch(/1 patient in the judged part: intervals need at least 5/)
    expect(remarks('no numbers')).toMatch(/6 cases left out/)
    expect(remarks('a volume missing')).toMatch(/volume of 1 case is not known/)
  })
})

describe('masks, judged', () => {
  const score = (dice: number, distance: number | null = 1 - dice): MaskScore => ({
    dice,
    volumeError: dice - 1,
    surfaceDistanceMm: distance,
    hausdorff95Mm: distance,
  })
  const masks: readonly ScoredMask[] = [0.8, 0.6, 0, 0.9, 0.7, 0.5].map((dice, at) => ({
    patient: at,
    at,
    volumeMm3: 100,
    after: score(dice, dice === 0 ? null : 1 - dice),
    before: score(dice / 2, 2),
  }))

  it('gives means that a hand can count, and pairs distances where both have one', () => {
    const report = judgeMasks(masks, quick)
    expect(report.after.dice!.value).toBeCloseTo(3.5 / 6, 12)
    expect(report.after.absoluteVolumeError!.value).toBeCloseTo(2.5 / 6, 12)
    expect(report.after.surfaceDistanceMm!.value).toBeCloseTo(1.5 / 5, 12)
    expect(report.after.withoutSurface).toBe(1)
    expect(report.remarks.join(' ')).toMatch(/1 case without a predicted or a true voxel/)
    const [dice, , distance] = report.comparisons
    expect(dice.difference.value).toBeCloseTo(1.75 / 6, 12)
    expect(distance.difference.value).toBeCloseTo(1.5 / 5 - 2, 12)
    expect(distance).toMatchObject({ better: 'after', isClear: true })
    expect(distance.sentence).toMatch(/5 cases of 5 patients/)
    expect(report.worst[0]).toEqual({ at: 2, dice: 0, before: 0 })
  })

  it('stands alone where the run began from scratch, and says when nothing was judged', () => {
    const alone = judgeMasks(
      masks.map(one => ({ ...one, before: null })),
      { ...quick, compared: { ...compared, before: null } },
    )
    expect(alone.before).toBeNull()
    expect(alone.comparisons).toEqual([])
    expect(reportText(judgeMasks([], quick))).toMatch(/No case could be judged/)
  })
})

describe('tables', () => {
  const report = judgeClasses(cohort(40, 1), quick)
  it('say what was compared and that it is for research, in text and in Markdown', () => {
    for (const text of [reportText(report), reportMarkdown(report)]) {
      expect(text).toContain('Research use — not for clinical use')
      expect(text).toContain('Judged: probe. Start model: demo 0.1.0.')
      expect(text).toContain('5 folds by patient')
      expect(text).toContain('size alone')
    }
  })
  it('name cases on the command line only', () => {
    expect(reportText(report, at => `lidc-${at}`)).toMatch(/lidc-\d+/)
    expect(reportMarkdown(report)).not.toMatch(/lidc-/)
  })
  it('are the JSON of the report without loss', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })
})
