// Slices find their place: expected positions are ImagePositionPatient + column × spacing × row direction + row ×
// spacing × column direction (PS3.3 C.7.6.2.1.1), turned from LPS to RAS.
import { describe, expect, it } from 'vitest'
import { huAtRasMm, openFiles, refusalOf } from '../testScans.ts'
import type { ScanFile } from '../volume.ts'
import {
  columns,
  expectSlices,
  makeSeries,
  pixelSpacingMm,
  rows,
  seriesHu,
  shuffle,
  upwards,
} from './testDicom.ts'

const all = [0, 1, 2, 3, 4, 5, 6]

describe('order of slices', () => {
  it.each([
    ['in order', (files: ScanFile[]) => files],
    ['reversed', (files: ScanFile[]) => [...files].reverse()],
    ['shuffled', shuffle],
  ])('is by position, whatever the order of the files: %s', async (_, arrange) => {
    const series = await openFiles(arrange(makeSeries(7)))
    expect(series.warnings).toEqual([])
    expect(series.fileGrid.shape).toEqual([7, rows, columns])
    expect(series.fileGrid.spacingMm).toEqual([2, ...pixelSpacingMm])
    expectSlices(series, all, upwards)
    // LPS → RAS turns both in-plane axes.
    expect(series.fileGrid.flips).toEqual([false, true, true])
    expect(series.dicom!.slices.map(slice => slice.positionLpsMm[2])).toEqual([0, 2, 4, 6, 8, 10, 12])
    expect(series.dicom!.slices[3].sopInstanceUid).toBe('1.2.3.4.s.3')
  })

  it('is by position also where the slices were taken downwards and numbered so', async () => {
    const place = (k: number) => [-100, -50, 300 - 2 * k]
    const series = await openFiles(makeSeries(7, { place }))
    expect(series.warnings).toEqual([])
    expectSlices(series, all, place)
  })

  it.each([
    ['feet first, prone', [-1, 0, 0, 0, 1, 0], (k: number) => [100, -50, 2 * k]],
    ['coronal', [1, 0, 0, 0, 0, -1], (k: number) => [-100, 3 * k, 40]],
    ['sagittal', [0, 1, 0, 0, 0, -1], (k: number) => [3 * k, -100, 40]],
    // 3-4-5: turned by 36.9° about the vertical, stacked along their normal.
    ['oblique', [0.8, 0.6, 0, 0, 0, -1], (k: number) => [-0.6 * 2 * k, 0.8 * 2 * k, 7]],
  ])('follows the slice normal: %s', async (_, orientation, place) => {
    const series = await openFiles(shuffle(makeSeries(7, { place, orientation })))
    expect(series.warnings).toEqual([])
    expectSlices(series, all, place, orientation)
  })

  it('needs no InstanceNumber, and no trust in it', async () => {
    const without = await openFiles(shuffle(makeSeries(300, { changes: () => ({ '0020,0013': undefined }) })))
    expect(without.fileGrid.shape[0]).toBe(300)
    expectSlices(without, [0, 1, 150, 299], upwards)
    const wrong = await openFiles(
      makeSeries(7, { changes: k => ({ '0020,0013': ['IS', k % 2 ? '9' : 'x'] }) }),
    )
    expect(wrong.warnings).toEqual([])
    expectSlices(wrong, all, upwards)
  })
})

describe('a gantry tilt', () => {
  const tilt = (20 * Math.PI) / 180
  const tilted = [1, 0, 0, 0, Math.cos(tilt), -Math.sin(tilt)].map(value => +value.toFixed(6))

  it('shears the stack, keeps every position, and is said in degrees', async () => {
    const series = await openFiles(shuffle(makeSeries(7, { place: upwards, orientation: tilted })))
    expect(series.warnings).toEqual([expect.stringMatching(/^Gantry tilt of 20\.0°/)])
    expect(series.fileGrid.spacingMm[0]).toBeCloseTo(2, 5)
    expectSlices(series, all, upwards, tilted)
  })

  it('that is only stated is not believed', async () => {
    const series = await openFiles(makeSeries(7, { changes: () => ({ '0018,1120': ['DS', '-15'] }) }))
    expect(series.warnings).toEqual([
      expect.stringMatching(/states a gantry tilt of -15\.0°.*positions were believed/),
    ])
    expectSlices(series, all, upwards)
  })
})

describe('spacing', () => {
  it('says which slices are missing and fills them in between', async () => {
    const files = makeSeries(9).filter((_, k) => k !== 3 && k !== 4)
    const series = await openFiles(files)
    expect(series.fileGrid.shape[0]).toBe(9)
    expect(series.warnings).toEqual([
      expect.stringMatching(
        /^2 slices are missing \(spacing from 2\.00 to 6\.00 mm, usually 2\.00 mm\).*interpolation/,
      ),
    ])
    expectSlices(series, [0, 1, 2, 5, 6, 7, 8], upwards)
    // HU rise by 100 from slice to slice: those made up lie on the line.
    expectSlices(series, [3, 4], upwards)
    expect(series.dicom!.slices.map(slice => slice.sopInstanceUid === '')).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map(k => k === 3 || k === 4),
    )
  })

  it('takes the smaller of two gaps as the spacing when only three slices are there', async () => {
    const series = await openFiles(makeSeries(4).filter((_, k) => k !== 2))
    expect(series.fileGrid.spacingMm[0]).toBe(2)
    expect(series.warnings).toEqual([expect.stringMatching(/^1 slice is missing/)])
    expectSlices(series, [0, 1, 2, 3], upwards)
  })

  it('that is uneven is said, and evened out by interpolation', async () => {
    const jitter = [0, 0.3, 0.1, -0.1, 0.2, -0.1, 0]
    const place = (k: number) => [-100, -50, 2 * k + jitter[k]]
    const series = await openFiles(makeSeries(7, { place }))
    expect(series.warnings).toEqual([expect.stringMatching(/unevenly spaced/)])
    expect(series.fileGrid.spacingMm[0]).toBeCloseTo(2, 9)
    // HU rise by 100 a slice. At 2 mm: 2 of the 2.3 mm to slice 1; at 8 mm slice 4 is a tenth of a step away and stays.
    expect(huAtRasMm(series, [100, 50, 2])).toBe(seriesHu(0, 0, 0) + 87)
    expect(huAtRasMm(series, [100, 50, 8])).toBe(seriesHu(4, 0, 0))
  })

  it('does not grow by a slice where the typical gap is a little off', async () => {
    // Gaps of 1.9 and 2.1 mm by turns: 400 mm at the one would be 211 steps, at the other 190.
    const place = (k: number) => [-100, -50, 2 * k - (k % 2 ? 0.1 : 0)]
    const series = await openFiles(makeSeries(201, { place }))
    expect(series.fileGrid.shape[0]).toBe(201)
    expect(series.fileGrid.spacingMm[0]).toBeCloseTo(2, 9)
    expect(series.warnings).toEqual([expect.stringMatching(/unevenly spaced/)])
  })

  it('does not grow by a slice that nearly doubles another', async () => {
    const place = (k: number) => [-100, -50, k === 3 ? 4.1 : k > 3 ? 2 * (k - 1) : 2 * k]
    const series = await openFiles(makeSeries(7, { place }))
    expect(series.fileGrid.shape[0]).toBe(6)
    expect(series.fileGrid.spacingMm[0]).toBe(2)
  })

  it('that varies by rounding alone is not mentioned', async () => {
    const place = (k: number) => [-100, -50, +(0.6249 * k).toFixed(2)]
    const series = await openFiles(makeSeries(40, { place }))
    expect(series.warnings).toEqual([])
  })

  it.each([
    ['two thirds of the slices are missing', (k: number) => [0, 0, k < 4 ? 2 * k : 40 + 2 * k]],
    ['one slice lies astray', (k: number) => [0, 0, k < 6 ? 2 * k : 99999]],
  ])('is refused when %s', async (_, place) => {
    expect(await refusalOf(makeSeries(7, { place }))).toMatch(
      /\d+ slices are missing between these 7.*contiguous/,
    )
  })

  it('that is no length of a scan is refused', async () => {
    const place = (k: number) => [0, 0, 5000 * k]
    expect(await refusalOf(makeSeries(2, { place }))).toMatch(/do not make a volume \(steps of 5\.00e\+3 ×/)
  })

  it('of a single slice is its thickness, and that is said', async () => {
    const series = await openFiles(makeSeries(1))
    expect(series.fileGrid.spacingMm[0]).toBe(2)
    expect(series.warnings).toEqual([expect.stringMatching(/only one slice; its thickness is taken/)])
    const thin = await openFiles(makeSeries(1, { changes: () => ({ '0018,0050': undefined }) }))
    expect(thin.fileGrid.spacingMm[0]).toBe(1)
    expect(thin.warnings).toEqual([expect.stringMatching(/thickness is not stated; 1 mm was assumed/)])
  })

  it('says when slices lie aside of a straight stack', async () => {
    const place = (k: number) => [-100 + (k === 3 ? 12 : 0), -50, 2 * k]
    const series = await openFiles(makeSeries(7, { place }))
    expect(series.warnings).toEqual([expect.stringMatching(/up to 12\.0 mm aside of a straight stack/)])
  })
})
