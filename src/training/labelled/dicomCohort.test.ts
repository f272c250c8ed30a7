// DICOM series with what lies beside them: SEG, RTSTRUCT, LIDC XML, and the sentences when they do not fit.
import { describe, expect, it } from 'vitest'
import { makeSeries, upwards, type Elements } from '../../volume/dicom/testDicom.ts'
import { contourFile, placeInSlice, segFile } from '../../volume/dicom/testMasks.ts'
import type { ScanFile } from '../../volume/volume.ts'
import { openLabelledCohort } from './openCohort.ts'
import { ids, labels, refusal, text, whyNot } from './testFiles.ts'

const size = { '0028,0010': ['US', 12], '0028,0011': ['US', 12] } as const satisfies Elements

/** Four slices of 12 × 12 pixels, 0.75 × 0.5 mm, 2 mm apart. */
function series(seriesUid = '1.2.3', patient = 'P1'): ScanFile[] {
  return makeSeries(4, {
    seriesUid,
    changes: k => ({
      ...size,
      '0010,0020': ['LO', patient],
      '0020,0052': ['UI', '1.5'],
      '7fe0,0010': [
        'OW',
        new Uint8Array(Int16Array.from({ length: 144 }, (_, i) => i + 200 * k + seriesUid.length).buffer),
      ],
    }),
  }).map(file => ({ ...file, path: `${seriesUid}/${file.path}` }))
}

const pixelMm3 = 0.75 * 0.5 * 2
const pixels = (from: number, count: number) =>
  Array.from({ length: 144 }, (_, i) => (i >= from && i < from + count ? 1 : 0))
const seg = (
  names: readonly string[],
  frames: readonly (readonly [segment: number, k: number, from: number, count: number])[],
  seriesUid?: string,
) =>
  segFile('seg.dcm', {
    names,
    seriesUid,
    size: [12, 12],
    frames: frames.map(([segment, k, from, count]) => ({
      segment,
      positionLpsMm: upwards(k),
      pixels: pixels(from, count),
    })),
  })
const square = (k: number, low: number, high: number) => ({
  points: [
    [low, low],
    [low, high],
    [high, high],
    [high, low],
  ].map(([row, column]) => placeInSlice(k, row, column)),
})

describe('DICOM series', () => {
  it('take the tumours of a SEG as lesions, and say what was not taken', async () => {
    const file = seg(
      ['Lung', 'Tumor 1', 'Tumor 2'],
      [
        [1, 0, 0, 100],
        [2, 1, 26, 4],
        [2, 2, 26, 4],
        [3, 1, 100, 3],
      ],
    )
    const cohort = await openLabelledCohort([...series(), file])
    expect(ids(cohort)).toEqual(['P1 Tumor 1', 'P1 Tumor 2'])
    expect(cohort.cases.map(({ volumeMm3, patient }) => [volumeMm3, patient])).toEqual([
      [8 * pixelMm3, 'P1'],
      [3 * pixelMm3, 'P1'],
    ])
    expect(cohort.notices).toContain('seg.dcm: not taken for lesions: “Lung”.')
    const chosen = await openLabelledCohort([...series(), file], { structures: ['Lung'] })
    expect(chosen.cases.map(({ volumeMm3 }) => volumeMm3)).toEqual([100 * pixelMm3])
    expect(
      whyNot(
        await openLabelledCohort(
          [...series(), ...series('1.2.4', 'P2'), file, seg(['Tumor'], [[1, 1, 0, 9]], '1.2.4')],
          { structures: ['Lung'] },
        ),
        'P2',
      ),
    ).toContain('has no structure called “Lung”; it has “Tumor”')
  })

  it('take RTSTRUCT contours', async () => {
    const file = contourFile('rt.dcm', [
      { name: 'Heart', outlines: [square(1, 0, 9)] },
      { name: 'GTV-1', outlines: [square(1, 1.5, 4.5), square(2, 1.5, 4.5)] },
    ])
    const cohort = await openLabelledCohort([...series(), file, text('t.csv', 'PatientID,response\nP1,1\n')])
    expect(ids(cohort)).toEqual(['P1'])
    expect(cohort.cases[0]).toMatchObject({ volumeMm3: 18 * pixelMm3, hasMask: true })
  })

  it('name companions of other series, and those with nothing in them', async () => {
    const files = [...series(), ...series('1.2.4', 'P2')]
    const stranger = await openLabelledCohort([
      ...files,
      seg(['Tumor'], [[1, 1, 0, 9]]),
      contourFile('rt.dcm', [{ name: 'GTV', outlines: [square(1, 1, 3)] }], '7.7'),
    ])
    expect(whyNot(stranger, 'rt.dcm')).toContain('the series 7.7, which is not among these files')
    expect(whyNot(stranger, 'P2')).toContain('neither a mask nor a label')
    expect(await refusal([...series(), seg(['Tumor'], [[1, 1, 0, 0]])])).toContain('seg.dcm is empty')
  })
})

describe('LIDC XML', () => {
  const ring = (low: number, high: number) => {
    const points: [number, number][] = []
    for (let i = low; i <= high; i++) points.push([i, low], [i, high], [low, i], [high, i])
    const middle = (low + high) / 2
    return points.sort(
      (a, b) => Math.atan2(a[1] - middle, a[0] - middle) - Math.atan2(b[1] - middle, b[0] - middle),
    )
  }
  const roi = (k: number, points: readonly (readonly number[])[]) =>
    `<roi><imageSOP_UID>1.2.3.4.1.2.3.${k}</imageSOP_UID><inclusion>TRUE</inclusion>${points.map(([x, y]) => `<edgeMap><xCoord>${x}</xCoord><yCoord>${y}</yCoord></edgeMap>`).join('')}</roi>`
  const nodule = (malignancy: number | null, rois: string) =>
    `<unblindedReadNodule><noduleID>n</noduleID>${malignancy === null ? '' : `<characteristics><malignancy>${malignancy}</malignancy></characteristics>`}${rois}</unblindedReadNodule>`
  const file = (...readers: string[]) =>
    text(
      'read.xml',
      `<LidcReadMessage><ResponseHeader><SeriesInstanceUid>1.2.3</SeriesInstanceUid></ResponseHeader>${readers.map(one => `<readingSession>${one}</readingSession>`).join('')}</LidcReadMessage>`,
    )
  const point = nodule(null, roi(0, [[10, 1]]))
  // Inside of rings from 1 to 5: 9 pixels; from 1 to 6: 16; shifted: 4 in common.
  const readers = [
    nodule(5, roi(1, ring(1, 5))) + point,
    nodule(4, roi(1, ring(1, 6))),
    nodule(3, roi(1, ring(3, 7))),
    '',
  ]

  it('joins readers’ nodules and keeps the voxels that enough of them have', async () => {
    const half = await openLabelledCohort([...series(), file(...readers)])
    expect(half.classes).toEqual(['benign', 'malignant'])
    expect(half.cases).toHaveLength(1)
    expect(half.cases[0]).toMatchObject({ label: 1, isIndeterminate: false, patient: 'P1' })
    const volume = async (consensus: number) => {
      const { cases } = await openLabelledCohort([...series(), file(...readers)], { consensus })
      return cases[0].volumeMm3! / pixelMm3
    }
    // Interiors: 2…4, 2…5 and 4…6.
    expect([await volume(1), await volume(2), await volume(3)]).toEqual([16 + 9 - 4, 9 + 4 - 1, 1])
    expect(half.cases[0].volumeMm3).toBe((9 + 4 - 1) * pixelMm3)
  })

  it('leaves nodules below 3 mm out, or gives them as points without mask and label', async () => {
    const without = await openLabelledCohort([...series(), file(...readers)])
    expect(without.notices.join()).toContain('1 nodules below 3 mm are marked by a point')
    const all = await openLabelledCohort([...series(), file(...readers)], { smallNodules: true })
    expect(labels(all)).toEqual([1, null])
    expect(all.cases[1]).toMatchObject({ hasMask: false, volumeMm3: null })
    const { mask, centreRasMm } = await all.open(1)
    expect(mask).toBeNull()
    expect(centreRasMm.map(mm => Math.round(1000 * mm) / 1000)).toEqual([95, 49.25, 0]) // LPS −100 + 10·0.5, −50 + 0.75
  })

  it('marks a mean of 3 as indeterminate, and says what too few readers saw', async () => {
    const three = file(nodule(2, roi(1, ring(1, 5))), nodule(4, roi(1, ring(1, 5))))
    expect((await openLabelledCohort([...series(), three])).cases[0]).toMatchObject({
      label: 0,
      isIndeterminate: true,
    })
    expect(await refusal([...series(), file(nodule(2, roi(1, ring(1, 5))), '', '')])).toContain(
      'neither a mask nor a label',
    )
  })
})
