// Cases that do not come from files, several cohorts as one, and what a panel shows of a cohort.
import { describe, expect, it } from 'vitest'
import type { Volume } from '../../volume/volume.ts'
import type { LabelledCase, LabelledCohort } from './cohort.ts'
import { describeCohort, problemsOf } from './describe.ts'
import { findingsCohort, type ReviewedFinding } from './findingsCohort.ts'
import { joinCohorts } from './joinCohorts.ts'
import { openLabelledCohort } from './openCohort.ts'
import { phantomCohort } from './phantomCohort.ts'
import { pair, text } from './testFiles.ts'
import { thumbnail } from './thumbnail.ts'

describe('findings that a reader has judged', () => {
  const volume: Volume = {
    shape: [4, 8, 8],
    spacingMm: [2, 1, 1],
    affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1],
    hu: new Int16Array(256).fill(-800),
  }
  const labels = new Uint8Array(256)
  labels.fill(1, 10, 14)
  labels.fill(2, 100, 103)
  const finding = (
    id: string,
    value: number,
    verdict: ReviewedFinding['verdict'],
    malignancy: ReviewedFinding['malignancy'],
  ) => ({ id, value, verdict, malignancy, centreRasMm: [value, 0, 0] }) as const
  const scan = { volume, labels, scan: 'open case', patient: 'whose', synthetic: false }
  const findings = [
    finding('F1', 1, 'accepted', 'malignant'),
    finding('F2', 2, 'rejected', null),
    finding('F3', 3, 'accepted', null),
  ]

  it('make nodules and negatives', async () => {
    const cohort = findingsCohort({ ...scan, findings }, 'nodule')
    expect(cohort.classes).toEqual(['not a nodule', 'nodule'])
    // Called by the scan, divided by the patient.
    expect(cohort.cases[0]).toMatchObject({ id: 'open case F1', patient: 'whose' })
    expect(cohort.cases.map(({ label, hasMask, volumeMm3 }) => [label, hasMask, volumeMm3])).toEqual([
      [1, true, 8],
      [0, false, 6],
      [1, false, null],
    ])
    expect((await cohort.open(0)).mask?.reduce((sum, value) => sum + value, 0)).toBe(4)
    expect(await cohort.open(1)).toMatchObject({ mask: null, centreRasMm: [2, 0, 0] })
  })

  it('make benign and malignant ones, where the reader said which', () => {
    const cohort = findingsCohort(
      { ...scan, findings: [...findings, finding('F4', 4, 'accepted', 'indeterminate')] },
      'malignancy',
    )
    expect(cohort.classes).toEqual(['not a nodule', 'benign', 'malignant'])
    expect(cohort.cases.map(({ label, isIndeterminate }) => [label, isIndeterminate])).toEqual([
      [2, false],
      [0, false],
      [1, true],
    ])
    expect(cohort.leftOut).toEqual([{ id: 'F3', why: expect.stringContaining('benign or malignant') }])
  })

  it('are refused when nothing was judged', () => {
    expect(() => findingsCohort({ ...scan, findings: [] }, 'nodule')).toThrow(
      'No finding was accepted or rejected',
    )
  })
})

describe('phantoms', () => {
  it('give their nodules with the truth, painted when they are opened, as synthetic cases', async () => {
    const cohort = await phantomCohort([1, 2, 3], { boxMm: 40 })
    expect(cohort.cases.length).toBeGreaterThan(2)
    expect(cohort.cases.every(({ synthetic, hasMask }) => synthetic && hasMask)).toBe(true)
    expect(cohort.classes).toEqual(['benign', 'malignant'])
    const [largest] = cohort.cases
      .map((one, index) => ({ one, index }))
      .sort((a, b) => b.one.volumeMm3! - a.one.volumeMm3!)
    const { volume, mask } = await cohort.open(largest.index)
    expect(volume.shape).toEqual(largest.one.grid.shape)
    const voxelMm3 = volume.spacingMm.reduce((product, mm) => product * mm, 1)
    const paintedMm3 = mask!.reduce((sum, value) => sum + value, 0) * voxelMm3
    expect(paintedMm3 / largest.one.volumeMm3!).toBeGreaterThan(0.6)
    expect(paintedMm3 / largest.one.volumeMm3!).toBeLessThan(1.6)
    expect(mask![(mask!.length - 1) / 2]).toBe(1) // the middle of the box is in the nodule
  })
})

const sample = (changes: Partial<LabelledCase>): LabelledCase => ({
  id: 'x',
  patient: 'x',
  label: 0,
  isIndeterminate: false,
  hasMask: true,
  volumeMm3: 100,
  synthetic: false,
  grid: { shape: [8, 8, 8], spacingMm: [1, 1, 1] },
  ...changes,
})
const cohortOf = (cases: readonly LabelledCase[], classes = ['a', 'b']): LabelledCohort => ({
  classes,
  cases,
  leftOut: [],
  notices: [],
  open: () => Promise.reject(new Error('not opened here')),
  release: () => {},
})

describe('a cohort in numbers', () => {
  it('counts classes, patients, sizes, spacings and sides', () => {
    const grid = { shape: [8, 8, 8], spacingMm: [2.5, 0.7, 0.7] } as const
    const shown = describeCohort(
      cohortOf([
        sample({ patient: 'p', split: 'train' }),
        sample({ patient: 'p', label: 1, volumeMm3: 1000, split: 'train', grid }),
        sample({ patient: 'q', isIndeterminate: true, split: 'test', volumeMm3: null, hasMask: false }),
        sample({ patient: 'r', label: null, synthetic: true }),
      ]),
    )
    expect(shown).toMatchObject({
      cases: 4,
      patients: 3,
      withMask: 3,
      synthetic: 1,
      classes: [
        { name: 'a', cases: 2, patients: 2, indeterminate: 1 },
        { name: 'b', cases: 1, patients: 1, indeterminate: 0 },
      ],
      unlabelled: 1,
      withoutSize: 1,
      spacingMm: { smallest: [1, 0.7, 0.7], largest: [2.5, 1, 1] },
      splits: [
        { name: 'test', cases: 1, patients: 1 },
        { name: 'train', cases: 2, patients: 1 },
      ],
    })
    // Equivalent diameters 5.8 and 12.4 mm; the bins between them are empty.
    expect(shown.sizes.map(({ fromMm, byClass, unlabelled }) => [fromMm, byClass, unlabelled])).toEqual([
      [4, [1, 0], 1],
      [6, [0, 0], 0],
      [8, [0, 0], 0],
      [10, [0, 0], 0],
      [12, [0, 1], 0],
    ])
  })

  it('says in a sentence why it cannot be trained on', () => {
    const six = ['p', 'q', 'r', 's', 't', 'u'].map((patient, i) => sample({ patient, label: i % 2 }))
    expect(problemsOf(cohortOf(six), 'classify')).toEqual([])
    expect(problemsOf(cohortOf(six), 'segment')).toEqual([])
    expect(problemsOf(cohortOf(six.map(one => ({ ...one, label: 1 }))), 'classify')[0]).toContain(
      'All 6 labelled cases are of one class (“b”)',
    )
    expect(problemsOf(cohortOf(six.slice(0, 2)), 'segment')[0]).toContain(
      'There are 2 cases with a mask, of 2 patients; at least 3',
    )
    expect(problemsOf(cohortOf(six.slice(0, 2)), 'classify').join()).toContain(
      'There are 2 cases with a label',
    )
    expect(
      problemsOf(cohortOf([...six.filter(({ label }) => label === 0), six[1]]), 'classify')[0],
    ).toContain('The class “b” has one patient only')
    expect(problemsOf(cohortOf(six.map(one => ({ ...one, hasMask: false }))), 'segment')[0]).toContain(
      'No case has a mask',
    )
    expect(problemsOf(cohortOf(six.map(one => ({ ...one, label: null }))), 'respond')[0]).toContain(
      'No case has a label',
    )
  })
})

it('joins cohorts by the names of their classes', async () => {
  const [a, b] = [
    cohortOf([sample({ label: 1 })], ['benign', 'malignant']),
    cohortOf([sample({ label: 0 })], ['malignant', 'other']),
  ]
  const joined = joinCohorts([a, b])
  expect(joined.classes).toEqual(['benign', 'malignant', 'other'])
  expect(joined.cases.map(({ label }) => label)).toEqual([1, 1])
})

it('draws a thumbnail as a radiologist looks at it, with the lesion’s rim', async () => {
  const cohort = await openLabelledCohort([...pair('A', 1), text('t.csv', 'id,label\nA,1')])
  const { grey, outline, sizePx, extentMm } = thumbnail(await cohort.open(0), 40)
  expect({ sizePx, extentMm, pixels: grey.length }).toEqual({ sizePx: 40, extentMm: 40, pixels: 1600 })
  // 1 mm a pixel; the scan is 16 × 14 mm, so that the rim of the picture is black.
  expect(grey[0]).toBe(0)
  expect(grey[20 * 40 + 20]).toBeGreaterThan(0)
  expect(outline!.reduce((sum, value) => sum + value, 0)).toBe(8) // of 13 pixels, 5 are surrounded
  // A bright voxel on the patient's left, in front: right and above in the picture.
  const opened = await cohort.open(0)
  const hu = new Int16Array(opened.volume.hu.length).fill(-1350)
  hu[(6 * 14 + 10) * 16 + 4] = 150 // h 10 of 7 ± 3: anterior; w 4 of 8 − 4: left
  const marked = thumbnail({ ...opened, volume: { ...opened.volume, hu } }, 40).grey.indexOf(255)
  expect([Math.floor(marked / 40) < 20, marked % 40 > 20]).toEqual([true, true])
})
