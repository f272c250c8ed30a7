// Labelled data as people have it: what each way of keeping it gives, and the sentence for each way in which it is broken.
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../base/errors.ts'
import { memoryFile } from '../../volume/testScans.ts'
import { writeNifti } from '../../volume/writeNifti.ts'
import { openLabelledCohort } from './openCohort.ts'
import { cube, ids, labels, mask, pair, refusal, smallBall, text, whyNot } from './testFiles.ts'

const ballVoxels = 33 // of radius 2

describe('scans with masks', () => {
  it.each([
    ['X and X_mask', 'X.nii', 'X_mask.nii'],
    ['X and X_seg', 'X.nii', 'X_seg.nii'],
    ['X and X_label', 'X.nii', 'X_label.nii'],
    ['X and X-mask', 'X.nii', 'X-mask.nii'],
    ['Slicer’s X.seg', 'X.nii', 'X.seg.nii'],
    ['folders of images and labels', 'imagesTr/X_0000.nii', 'labelsTr/X.nii'],
    ['volume-X and segmentation-X', 'volume-7.nii', 'segmentation-7.nii'],
    ['a folder for each case', 'X/image.nii', 'X/mask.nii'],
    ['lesion as the mask’s name', 'X.nii', 'X_lesion.nii'],
    ['masks in a folder of their own', 'data/X.nii', 'drawn/X_mask.nii'],
  ])('%s', async (_, scan, drawn) => {
    const cohort = await openLabelledCohort([cube(scan, 1), mask(drawn, [smallBall])])
    expect(cohort.cases).toHaveLength(1)
    expect(cohort.cases[0]).toMatchObject({
      label: null,
      hasMask: true,
      volumeMm3: ballVoxels,
      synthetic: false,
    })
    expect(cohort.classes).toEqual([])
    const opened = await cohort.open(0)
    expect(opened.centreRasMm.map(mm => Math.round(1e6 * mm) / 1e6)).toEqual([8, 7, 6])
    expect(opened.mask?.reduce((sum, value) => sum + value, 0)).toBe(ballVoxels)
    expect(opened.otherLesions).toBeUndefined()
  })

  it('orders the cases by name, whatever order the files came in', async () => {
    const files = ['B', 'A', 'C'].flatMap((name, i) => [
      cube(`${name}.nii`, i + 1),
      mask(`${name}_mask.nii`, [smallBall]),
    ])
    expect(ids(await openLabelledCohort(files))).toEqual(['A', 'B', 'C'])
    expect(ids(await openLabelledCohort(files.reverse()))).toEqual(['A', 'B', 'C'])
  })

  it('reads them out of a zip, gzipped', async () => {
    const grid = {
      shape: [12, 14, 16],
      spacingMm: [1, 1, 1],
      affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    } as const
    const voxels = new Int16Array(12 * 14 * 16).fill(-700)
    const drawn = new Uint8Array(voxels.length)
    drawn.fill(1, 1000, 1010)
    const bytes = zipSync({
      'cases/A.nii.gz': writeNifti(voxels, grid),
      'cases/A_mask.nii.gz': writeNifti(drawn, grid),
      'cases/labels.csv': new TextEncoder().encode('id,label\nA,yes\n'),
    })
    const cohort = await openLabelledCohort([memoryFile('all.zip', bytes)])
    expect(ids(cohort)).toEqual(['A'])
    expect(cohort.cases[0]).toMatchObject({ label: 0, volumeMm3: 10 })
    expect((await cohort.open(0)).mask?.[1005]).toBe(1)
  })

  const two = [
    { at: [4, 4, 4], radius: 2, value: 1 },
    { at: [8, 9, 11], radius: 1, value: 1 },
  ] as const
  const valued = [two[0], { ...two[1], value: 3 }]

  it('takes each value of a label map as a lesion', async () => {
    const cohort = await openLabelledCohort(pair('X', 1, valued))
    expect(ids(cohort)).toEqual(['X #1', 'X #2'])
    expect(cohort.cases.map(({ volumeMm3 }) => volumeMm3)).toEqual([33, 7])
    expect(new Set(cohort.cases.map(({ patient }) => patient)).size).toBe(1)
    const { mask: own, otherLesions } = await cohort.open(1)
    expect(own?.reduce((sum, value) => sum + value, 0)).toBe(7)
    expect(otherLesions?.reduce((sum, value) => sum + value, 0)).toBe(33)
  })

  it('takes several masks of a scan as its lesions', async () => {
    const parts = two.map((ball, i) => mask(`X_mask${i + 1}.nii`, [ball]))
    const byNumber = text('t.csv', 'id,lesion,label\nX,2,malignant\nX,1,benign')
    const { cases } = await openLabelledCohort([cube('X.nii', 1), ...parts, byNumber])
    expect(cases.map(({ label, volumeMm3 }) => [label, volumeMm3])).toEqual([
      [1, 7],
      [0, 33],
    ])
  })

  it('takes the values that are asked for: 2 is the tumour where 1 is the organ', async () => {
    const cohort = await openLabelledCohort(pair('X', 1, valued), { structures: ['3'] })
    expect(cohort.cases.map(({ volumeMm3 }) => volumeMm3)).toEqual([7])
    expect(await refusal(pair('X', 1, valued), { structures: ['2'] })).toContain('it has “1”, “3”')
  })

  it('takes each connected part of a binary mask as a lesion, or all of it when asked', async () => {
    const files = pair('X', 1, two)
    expect((await openLabelledCohort(files)).cases.map(({ volumeMm3 }) => volumeMm3)).toEqual([33, 7])
    const whole = await openLabelledCohort(files, { lesions: 'whole' })
    expect(whole.cases.map(({ volumeMm3 }) => volumeMm3)).toEqual([40])
  })

  it('leaves specks out and says so', async () => {
    const cohort = await openLabelledCohort(pair('X', 1, [two[0], { at: [10, 12, 14], radius: 0.5 }]))
    expect(cohort.cases).toHaveLength(1)
    expect(cohort.notices.join()).toContain('1 specks below 4 mm³')
  })

  it('resamples a mask on another grid with a notice, and refuses one that lies elsewhere', async () => {
    const fine = { shape: [24, 28, 32], spacingMm: [0.5, 0.5, 0.5], originMm: [-0.25, -0.25, -0.25] } as const
    const cohort = await openLabelledCohort([
      cube('A.nii', 1),
      mask('A_mask.nii', [{ at: [12.5, 14.5, 16.5], radius: 5 }], fine),
      cube('B.nii', 2),
      mask('B_mask.nii', [smallBall], { originMm: [500, 0, 0] }),
    ])
    expect(ids(cohort)).toEqual(['A'])
    expect(cohort.cases[0].volumeMm3).toBe(81) // voxels whose centre is nearer than 2.5 mm
    expect(cohort.notices.join()).toContain(
      'A_mask.nii lies on another grid than its scan (0.5 × 0.5 × 0.5 mm',
    )
    expect(whyNot(cohort, 'B')).toContain('B_mask.nii does not overlap its scan')
  })

  it('names empty masks, masks without a scan, scans without anything and broken files, and keeps the rest', async () => {
    const broken = memoryFile('D.nii', new Uint8Array((await cube('D.nii', 4).bytes()).subarray(0, 900)))
    const cohort = await openLabelledCohort([
      ...pair('A', 1),
      ...pair('B', 2, []),
      mask('C_mask.nii', [smallBall]),
      broken,
      mask('D_mask.nii', [smallBall]),
      cube('E.nii', 5),
      text('notes.docx', 'nothing'),
    ])
    expect(ids(cohort)).toEqual(['A'])
    expect(whyNot(cohort, 'B')).toContain('B_mask.nii is empty')
    expect(whyNot(cohort, 'C_mask.nii')).toContain('there is no scan that it belongs to')
    expect(whyNot(cohort, 'D')).toContain('too short')
    expect(whyNot(cohort, 'E')).toContain('neither a mask nor a label')
    expect(cohort.notices.join()).toContain('notes.docx')
  })

  it('finds copies by their content', async () => {
    const copy = [cube('B.nii', 1), mask('B_mask.nii', [smallBall])]
    const cohort = await openLabelledCohort([...pair('A', 1), ...copy, ...pair('C', 3)])
    expect(ids(cohort)).toEqual(['A', 'C'])
    expect(cohort.notices).toContain('B is a copy of A (same scan, same lesion) and was left out.')
    const other = [cube('B.nii', 1), mask('B_mask.nii', [{ at: [3, 3, 3], radius: 1 }])]
    const joined = await openLabelledCohort([...pair('A', 1), ...other])
    expect(joined.cases.map(({ patient }) => patient)).toEqual(['A', 'A'])
    const table = text('labels.csv', 'id,label\nA,0\nB,1\nC,1')
    const disagree = await openLabelledCohort([...pair('A', 1), ...copy, ...pair('C', 3), table])
    expect(ids(disagree)).toEqual(['C'])
    expect(whyNot(disagree, 'A')).toContain('their labels disagree')
  })

  it('says what is expected when nothing is there, or nothing is left', async () => {
    expect(await refusal([text('a.txt', 'x')])).toContain('no labelled scan among these files')
    expect(await refusal(pair('B', 2, []))).toContain('No case can be used: B_mask.nii is empty')
  })

  it('stops when it is told to, and keeps no more open than its budget', async () => {
    const controller = new AbortController()
    controller.abort()
    await expect(openLabelledCohort(pair('A', 1), {}, () => {}, controller.signal)).rejects.toThrow(
      CancelledError,
    )
    let reads = 0
    const counted = [...pair('A', 1), ...pair('B', 2), ...pair('C', 3)].map(file => ({
      ...file,
      bytes: () => (reads++, file.bytes()),
    }))
    const cohort = await openLabelledCohort(counted, { budgetBytes: 1 })
    const before = reads
    await cohort.open(2) // the last one read is still open
    expect(reads).toBe(before)
    await cohort.open(0)
    expect(reads).toBe(before + 2)
    cohort.release()
    const lost = counted.map(file => ({ ...file, bytes: () => file.bytes() }))
    const gone = await openLabelledCohort(lost, { budgetBytes: 1 })
    lost[0].bytes = () => Promise.reject(new Error('NotReadableError'))
    await expect(gone.open(0)).rejects.toThrow('A cannot be opened any more')
  })
})

describe('tables of labels', () => {
  const scans = [...pair('A', 1), ...pair('B', 2), ...pair('C', 3)]

  it('gives labels, patients and splits by the id that names the scans', async () => {
    const table = text(
      't.csv',
      'subject,scan,response,split\np1,A.nii,yes,train\np2,B.nii,no,test\np1,C.nii,no,train\n',
    )
    const cohort = await openLabelledCohort([...scans, table])
    expect(cohort.table?.chosen).toMatchObject({
      id: 'scan',
      patient: 'subject',
      label: 'response',
      split: 'split',
    })
    expect(cohort.classes).toEqual(['no response', 'response'])
    expect(labels(cohort)).toEqual([1, 0, 0])
    expect(cohort.cases.map(({ patient, split }) => `${patient} ${split}`)).toEqual([
      'p1 train',
      'p2 test',
      'p1 train',
    ])
  })

  it('names labels without files and files without labels', async () => {
    const cohort = await openLabelledCohort([...scans, text('t.csv', 'id,label\nA,0\nB,1\nZ,1\n')])
    expect(labels(cohort)).toEqual([0, 1, null])
    expect(whyNot(cohort, 'Z')).toContain('Z has a label in t.csv, but there is no scan of that name')
  })

  it('refuses a patient on both sides of the split, also by copies', async () => {
    const table = text('t.csv', 'id,patient,label,split\nA,p1,0,train\nB,p1,1,test\nC,p2,1,test')
    expect(await refusal([...scans, table])).toContain('Patient p1 is on more than one side of the split')
    const copies = [...scans, cube('D.nii', 1), mask('D_mask.nii', [{ at: [3, 3, 3], radius: 1 }])]
    const hidden = text(
      't.csv',
      'id,patient,label,split\nA,p1,0,train\nB,p2,1,test\nC,p3,1,test\nD,p4,1,test',
    )
    expect(await refusal([...copies, hidden])).toContain('Patient p1 is on more than one side')
  })

  it('takes the columns that it is told to, and says which exist', async () => {
    const table = text('t.csv', 'id,label,stage\nA,0,I\nB,1,II\nC,1,II')
    const cohort = await openLabelledCohort([...scans, table], { columns: { label: 'stage' } })
    expect(cohort.classes).toEqual(['I', 'II'])
    expect(await refusal([...scans, table], { columns: { label: 'grade' } })).toContain(
      'no column “grade”; its columns are “id”, “label”, “stage”',
    )
  })

  it('takes all of a mask as one lesion where the table has one row for the scan', async () => {
    const parts = [
      { at: [4, 4, 4], radius: 2 },
      { at: [8, 9, 11], radius: 1 },
    ] as const
    const cohort = await openLabelledCohort([...pair('A', 1, parts), text('t.csv', 'id,label\nA,1')])
    expect(cohort.cases).toHaveLength(1)
    expect(cohort.cases[0].volumeMm3).toBe(40)
  })

  it('matches rows with lesions by number or position', async () => {
    const parts = [
      { at: [4, 4, 4], radius: 2, value: 1 },
      { at: [8, 9, 11], radius: 1, value: 2 },
    ] as const
    const byNumber = text('t.csv', 'id,lesion,label\nA,2,malignant\nA,1,benign')
    expect(
      (await openLabelledCohort([...pair('A', 1, parts), byNumber])).cases.map(({ label, volumeMm3 }) => [
        label,
        volumeMm3,
      ]),
    ).toEqual([
      [1, 7],
      [0, 33],
    ])
    // LPS mm: the small one lies at RAS (11, 9, 8).
    const byPlace = text('t.csv', 'seriesuid,coordX,coordY,coordZ,label\nA,-11,-9,8,1\nA,-4,-4,4,0')
    expect(
      (await openLabelledCohort([...pair('A', 1, parts), byPlace])).cases.map(({ label, volumeMm3 }) => [
        label,
        volumeMm3,
      ]),
    ).toEqual([
      [1, 7],
      [0, 33],
    ])
    const unclear = await openLabelledCohort([
      ...pair('A', 1, parts),
      ...pair('B', 2),
      text('t.csv', 'id,label\nA,1\nA,0\nB,1'),
    ])
    expect(whyNot(unclear, 'A')).toContain('nothing says which row means which')
  })

  it('centres cases without a mask on the table’s position, or the middle of a small box, never of a whole scan', async () => {
    const wide = { shape: [4, 14, 200] as const }
    const cohort = await openLabelledCohort([
      cube('A.nii', 1),
      cube('B.nii', 2),
      cube('C.nii', 3, wide),
      text('t.csv', 'id,label,coordX,coordY,coordZ,diameter_mm\nA,0,-3,-4,5,6\nB,1,,,,\nC,1,,,,\n'),
    ])
    expect(ids(cohort)).toEqual(['A', 'B'])
    expect((await cohort.open(0)).centreRasMm).toEqual([3, 4, 5])
    expect(cohort.cases[0].volumeMm3).toBeCloseTo(113.1, 1)
    expect((await cohort.open(1)).centreRasMm).toEqual([7.5, 6.5, 5.5])
    expect(cohort.notices.join()).toContain('B has no mask')
    expect(whyNot(cohort, 'C')).toContain('too large for its middle to be the lesion')
  })
})
