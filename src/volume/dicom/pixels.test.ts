// Stored values become HU (PS3.3 C.7.6.3.1, C.11.1): signedness, stored bits, rescale, padding.
import { describe, expect, it } from 'vitest'
import { huAtRasMm, openFiles } from '../testScans.ts'
import type { OpenedSeries } from '../volume.ts'
import type { Elements } from './testDicom.ts'
import { columns, makeSeries, rows, seriesHu } from './testDicom.ts'

const pixelCount = rows * columns

function pixels(words: readonly number[]): Elements {
  return { '7fe0,0010': ['OW', new Uint8Array(Uint16Array.from(words).buffer)] }
}

/** A slice whose first pixel is `first` as a 16-bit word; the others are 40. */
function withFirst(first: number, changes: Elements): Promise<OpenedSeries> {
  const words = Array.from({ length: pixelCount }, (_, i) => (i === 0 ? first : 40))
  return openFiles(makeSeries(1, { changes: () => ({ ...pixels(words), ...changes }) }))
}

const firstHu = (series: OpenedSeries) => huAtRasMm(series, [100, 50, 0])

describe('stored values', () => {
  it.each([
    // [signed, bits stored, high bit, word, HU]
    ['signed 16 bit', 1, 16, 15, 0xfc00, -1024],
    ['unsigned 16 bit', 0, 16, 15, 30000, 30000],
    ['signed 12 bit, sign at bit 11', 1, 12, 11, 0x0fff, -1],
    ['unsigned 12 bit', 0, 12, 11, 0x0fff, 4095],
    ['unsigned 12 bit with overlays in the high bits', 0, 12, 11, 0xf7ff, 0x7ff],
    ['signed 12 bit with overlays in the high bits', 1, 12, 11, 0x5fff, -1],
    ['signed 12 bit, extended to 16 bits already', 1, 12, 11, 0xffff, -1],
    ['unsigned 12 bit in the upper bits', 0, 12, 15, 0x7ff5, 0x7ff],
    ['signed 12 bit in the upper bits', 1, 12, 15, 0xfff5, -1],
  ])('are read as %s', async (_, signed, stored, high, word, hu) => {
    const series = await withFirst(word, {
      '0028,0101': ['US', stored],
      '0028,0102': ['US', high],
      '0028,0103': ['US', signed],
    })
    expect(firstHu(series)).toBe(hu)
    expect(huAtRasMm(series, [99.5, 50, 0])).toBe(high === 15 && stored === 12 ? 40 >> 4 : 40)
  })

  it.each([
    ['unsigned', 0, 200],
    ['signed', 1, -56],
  ])('of 8 bits are read, %s', async (_, signed, hu) => {
    const changes: Elements = {
      '0028,0100': ['US', 8],
      '0028,0101': ['US', 8],
      '0028,0102': ['US', 7],
      '0028,0103': ['US', signed],
      '7fe0,0010': ['OB', new Uint8Array(pixelCount).fill(200)],
    }
    expect(firstHu(await openFiles(makeSeries(1, { changes: () => changes })))).toBe(hu)
  })

  it('of 32 bits are read', async () => {
    const values = Int32Array.from({ length: pixelCount }, () => -70000)
    const changes: Elements = {
      '0028,0100': ['US', 32],
      '0028,0101': ['US', 32],
      '0028,0102': ['US', 31],
      '0028,1053': ['DS', '0.01'],
      '7fe0,0010': ['OW', new Uint8Array(values.buffer)],
    }
    expect(firstHu(await openFiles(makeSeries(1, { changes: () => changes })))).toBe(-700)
  })

  it('are rescaled by slope and intercept, slice by slice', async () => {
    const series = await openFiles(
      makeSeries(3, {
        changes: k => ({
          '0028,1053': ['DS', String(k === 1 ? 2 : 0.5)],
          '0028,1052': ['DS', k === 1 ? '-1000 ' : ' 1.0e2'],
        }),
      }),
    )
    const stored = (k: number) => seriesHu(k, 0, 0)
    // Half HU round up.
    expect([0, 1, 2].map(k => huAtRasMm(series, [100, 50, 2 * k]))).toEqual([
      Math.round(stored(0) / 2 + 100),
      Math.max(-1024, 2 * stored(1) - 1000),
      Math.round(stored(2) / 2 + 100),
    ])
  })

  it('without rescale are taken as HU, and that is said', async () => {
    const series = await withFirst(7, { '0028,1052': undefined, '0028,1053': undefined })
    expect(firstHu(series)).toBe(7)
    expect(series.warnings).toContainEqual(
      expect.stringMatching(/do not say how to turn stored values into HU/),
    )
  })

  it('of MONOCHROME1 are the same HU: only their display is inverted', async () => {
    expect(firstHu(await withFirst(7, { '0028,0004': ['CS', 'MONOCHROME1'] }))).toBe(7)
  })

  it('say that a derived image is one, and which windows the file has', async () => {
    const series = await withFirst(7, {
      '0008,0008': ['CS', 'DERIVED\\PRIMARY\\AXIAL'],
      '0028,1050': ['DS', '-600\\40'],
      '0028,1051': ['DS', '1500\\400'],
      '0028,1055': ['LO', 'LUNG\\SOFT'],
    })
    expect(series.warnings).toContainEqual(expect.stringMatching(/derived/))
    expect(series.windows).toEqual([
      { name: 'LUNG', widthHu: 1500, levelHu: -600 },
      { name: 'SOFT', widthHu: 400, levelHu: 40 },
    ])
  })
})

describe('padding', () => {
  it('is known by its tag, also where its value could be tissue', async () => {
    const series = await withFirst(40 + 0x10000 - 100, { '0028,0120': ['SS', 0x10000 - 60] })
    expect(firstHu(series)).toBe(-1024)
    expect(series.paddedVoxels).toBe(1)
    expect(series.warnings).toContainEqual(
      expect.stringMatching(/padding value stated in the files is -60 HU/),
    )
  })

  it('is known by its value where the tag says another, as in LIDC-IDRI-0001', async () => {
    const series = await withFirst(0x10000 - 2048, { '0028,0120': ['SS', 0x10000 - 2000] })
    expect(firstHu(series)).toBe(-1024)
    expect(series.paddedVoxels).toBe(1)
    expect(series.hu.min).toBe(-1024)
  })

  it('is a range when it has a limit', async () => {
    const words = Array.from({ length: pixelCount }, (_, i) => i)
    const range: Elements = { '0028,0120': ['SS', 3], '0028,0121': ['SS', 6] }
    const series = await openFiles(makeSeries(1, { changes: () => ({ ...pixels(words), ...range }) }))
    expect(series.paddedVoxels).toBe(4)
  })

  it('is compared before the rescale', async () => {
    const series = await withFirst(0, {
      '0028,0103': ['US', 0],
      '0028,0120': ['US', 0],
      '0028,1052': ['DS', '-1000'],
    })
    expect(firstHu(series)).toBe(-1024)
    expect(series.paddedVoxels).toBe(1)
  })

  it('is known where it lies outside the stored bits', async () => {
    // 63536 is −2000 as signed; of its lower 12 bits, 2096, plus −1024 would be bone.
    const series = await withFirst(63536, {
      '0028,0101': ['US', 12],
      '0028,0102': ['US', 11],
      '0028,0103': ['US', 0],
      '0028,0120': ['US', 63536],
      '0028,1052': ['DS', '-1024'],
    })
    expect(firstHu(series)).toBe(-1024)
    expect(series.paddedVoxels).toBe(1)
  })

  it('is not mixed into a slice that is interpolated', async () => {
    const series = await openFiles(
      makeSeries(5, {
        changes: k => ({
          '0028,0120': ['SS', 0x10000 - 2000],
          ...(k === 2 ? pixels(new Array(pixelCount).fill(0x10000 - 2000)) : {}),
        }),
      }).filter((_, k) => k !== 1),
    )
    expect(series.fileGrid.shape[0]).toBe(5)
    expect(huAtRasMm(series, [100, 50, 2])).toBe(-1024)
    expect(series.paddedVoxels).toBe(2 * pixelCount)
  })
})
