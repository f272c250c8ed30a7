import { expect, test } from 'vitest'
import type { PointMm } from '../../volume/geometry.ts'
import type { LabelledCase, LabelledCohort } from '../labelled/cohort.ts'
import { prepareCropSet } from '../labelled/prepareCropSet.ts'
import { testVolume } from '../pretrain/testSupport.ts'
import { followScan } from './followScan.ts'

const scans = [testVolume(1), testVolume(2)]
/** Two lesions of the first scan, one of the second. */
const lesions: readonly { readonly scan: number; readonly centreRasMm: PointMm }[] = [
  { scan: 0, centreRasMm: [10, 10, 10] },
  { scan: 0, centreRasMm: [30, 30, 30] },
  { scan: 1, centreRasMm: [20, 20, 20] },
]

const cohort: LabelledCohort = {
  classes: ['benign', 'malignant'],
  cases: lesions.map(({ scan }, at): LabelledCase => {
    const grid = { shape: scans[scan].shape, spacingMm: scans[scan].spacingMm }
    const facts = { isIndeterminate: false, hasMask: false, volumeMm3: null, synthetic: true }
    return { id: `case ${at}`, patient: `patient ${scan}`, label: at % 2, ...facts, grid }
  }),
  ...{ leftOut: [], notices: [], release: () => undefined },
  open: at =>
    Promise.resolve({ volume: scans[lesions[at].scan], mask: null, centreRasMm: lesions[at].centreRasMm }),
}

const crop = { shape: [8, 8, 8], spacingMm: [1, 1, 1] } as const
const { crops, indices } = await prepareCropSet(cohort, { ...crop, shape: [12, 12, 12] })
const cut = { cases: crops.cases, indices }

function follow(volume: (typeof scans)[0], placeRasMm: PointMm, isAsked: boolean) {
  return followScan({ volume, placeRasMm, isAsked }, cut, cohort, crop)
}

test('of a scan that is one of the cases, the case that is looked at is shown', async () => {
  expect(await follow(scans[0], [28, 31, 30], true)).toEqual({ at: 1, patient: 0, hu: null })
  // A class is asked of cases and findings alone: the crosshair only says which of them.
  expect(await follow(scans[0], [24, 24, 24], false)).toEqual({ at: 1, patient: 0, hu: null })
  expect(await follow(scans[1], [0, 0, 0], false)).toEqual({ at: 2, patient: 1, hu: null })
})

test('an asked place away from its cases is shown itself, and whose scan it is remains known', async () => {
  const place = await follow(scans[0], [20, 20, 20], true)
  expect(place).toMatchObject({ at: null, patient: 0 })
  // The crop's middle lies between voxels: its first one is centred 3.5 mm before the place.
  const { hu } = scans[0]
  const at = (d: number, h: number, w: number) => hu[(d * 40 + h) * 40 + w]
  const corner = [0, 1].flatMap(d => [0, 1].flatMap(h => [0, 1].map(w => at(16 + d, 16 + h, 16 + w))))
  const mean = corner.reduce((sum, value) => sum + value, 0) / 8
  // Rounded to whole HU.
  expect(Math.abs(place!.hu![0] - mean)).toBeLessThanOrEqual(0.51)
})

test('a scan that is none of the cases is shown where something was asked of it, and not otherwise', async () => {
  const other = testVolume(3)
  expect(await follow(other, [20, 20, 20], true)).toMatchObject({ at: null, patient: null })
  expect(await follow(other, [20, 20, 20], false)).toBeNull()
})
