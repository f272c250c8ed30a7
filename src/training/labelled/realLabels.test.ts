// Labelled data as it was published (../shared/data): the nodule cubes with their table, a whole scan with its readers'
// outlines, a tumour with its contours.
import { describe, expect, it } from 'vitest'
import { resampleScalar } from '../../volume/resample.ts'
import { isMissing, openReal, realFiles } from '../../volume/testScans.ts'
import type { LabelledCohort } from './cohort.ts'
import { describeCohort, problemsOf } from './describe.ts'
import { openLabelledCohort } from './openCohort.ts'

const isFull = Boolean(process.env.SMARTFORMER_FULL)
const nodules = 'lidc-nodules'
const scan = 'lidc-idri-0001'
const tumour = 'ibsi-1-ct'

async function readTable(): Promise<Map<string, number>> {
  const files = await realFiles(`${nodules}/labels.csv`)
  const [head, ...lines] = new TextDecoder()
    .decode(await files[0].bytes())
    .trim()
    .split(/\r?\n/)
  const at = head.split(',').indexOf('volume_mm3')
  return new Map(lines.map(line => [line.split(',')[0], Number(line.split(',')[at])]))
}

async function expectReadersVolumes({ cases }: LabelledCohort): Promise<void> {
  const table = await readTable()
  for (const { id, volumeMm3 } of cases) expect(volumeMm3).toBe(table.get(id))
}

describe.skipIf(isMissing(nodules))('nodule cubes (../shared/data/lidc-nodules)', () => {
  it('a dozen: labels of the table, ratings of 3 marked, volumes as the table has them', async () => {
    const files = await realFiles(nodules)
    const few = [
      ...files.filter(({ path }) => /lidc-00/.test(path)).slice(0, 24),
      files.find(({ path }) => /csv$/.test(path))!,
    ]
    const cohort = await openLabelledCohort(few)
    expect(cohort.cases).toHaveLength(12)
    expect(cohort.table?.chosen).toMatchObject({ id: 'id', label: 'malignant', volume: 'volume_mm3' })
    await expectReadersVolumes(cohort)
    expect(cohort.cases[0]).toMatchObject({ id: 'lidc-0001', label: 1, isIndeterminate: false })
    expect(cohort.cases[2]).toMatchObject({ id: 'lidc-0005', label: 0, isIndeterminate: true })
    expect(cohort.leftOut).toHaveLength(81) // rows of the table without their cubes
  })

  it.skipIf(!isFull)(
    'all: 93 cases, 46 malignant, 32 rated 3, nothing left out',
    async () => {
      const cohort = await openLabelledCohort(await realFiles(nodules))
      const { cases, patients, classes, indeterminate, leftOut, notices } = describeCohort(cohort)
      expect({ cases, patients, indeterminate, leftOut, notices }).toEqual({
        cases: 93,
        patients: 93,
        indeterminate: 32,
        leftOut: [],
        notices: [],
      })
      expect(classes.map(one => one.cases)).toEqual([47, 46])
      expect(problemsOf(cohort, 'classify')).toEqual([])
      await expectReadersVolumes(cohort)
    },
    60_000,
  )
})

describe.skipIf(isMissing(tumour))('a tumour’s RTSTRUCT (../shared/data/ibsi-1-ct)', () => {
  it('gives the published mask', async () => {
    const cohort = await openLabelledCohort(await realFiles(`${tumour}/dicom.zip`))
    expect(cohort.cases).toHaveLength(1)
    const { volume, mask } = await cohort.open(0)
    const published = (await openReal(`${tumour}/mask.nii.gz`)).volume
    const there = resampleScalar(
      Float32Array.from(published.hu, value => (value > 0 ? 1 : 0)),
      published,
      volume,
    )
    let [ours, theirs, shared] = [0, 0, 0]
    mask!.forEach((value, i) => {
      const isTheirs = there[i] >= 0.5
      ours += value
      theirs += Number(isTheirs)
      shared += Number(isTheirs && value === 1)
    })
    expect((2 * shared) / (ours + theirs)).toBeGreaterThan(0.98)
    expect(cohort.cases[0].volumeMm3).toBeGreaterThan(355_000) // the benchmark's consensus: 359 cm³ by voxels
    expect(cohort.cases[0].volumeMm3).toBeLessThan(363_000)
  }, 30_000)
})

describe.skipIf(isMissing(scan))('a scan with four readers’ outlines (../shared/data/lidc-idri-0001)', () => {
  it.skipIf(!isFull)(
    'gives its one nodule, malignant, where LUNA16 has it',
    async () => {
      const cohort = await openLabelledCohort(await realFiles(scan))
      expect(cohort.cases).toHaveLength(1)
      expect(cohort.cases[0]).toMatchObject({ patient: 'LIDC-IDRI-0001', label: 1, isIndeterminate: false })
      expect(cohort.notices.join()).toContain('3 nodules below 3 mm')
      const { centreRasMm } = await cohort.open(0)
      const luna16LpsMm = [56.208, 86.343, -115.868]
      const distanceMm = Math.hypot(
        -centreRasMm[0] - luna16LpsMm[0],
        -centreRasMm[1] - luna16LpsMm[1],
        centreRasMm[2] - luna16LpsMm[2],
      )
      expect(distanceMm).toBeLessThan(0.5)
      // LUNA16's diameter, 23.35 mm, is that of a ball of 6666 mm³.
      expect(Math.cbrt((6 * cohort.cases[0].volumeMm3!) / Math.PI)).toBeCloseTo(23.35, 0)
    },
    120_000,
  )
})
