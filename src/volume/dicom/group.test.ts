// Which DICOM files belong together, and which are refused or set apart, each in a sentence.
import { describe, expect, it } from 'vitest'
import { listSeries, openSeries } from '../readScan.ts'
import { huAtRasMm, memoryFile, openFiles, refusalOf } from '../testScans.ts'
import type { Elements } from './testDicom.ts'
import {
  expectSlices,
  makeSeries,
  seriesHu,
  shuffle,
  sliceElements,
  storedSlice,
  upwards,
  writeDicom,
} from './testDicom.ts'

const all = [0, 1, 2, 3, 4, 5, 6]

describe('doubles', () => {
  it('of the same file are left out and counted', async () => {
    const files = makeSeries(7)
    const series = await openFiles([...files, files[2], memoryFile('copy of 4.dcm', await files[4].bytes())])
    expect(series.fileGrid.shape[0]).toBe(7)
    expect(series.warnings).toEqual([expect.stringMatching(/^2 of the files are copies/)])
    expectSlices(series, all, upwards)
  })

  it('at one position are left out, the first by InstanceNumber stays', async () => {
    const [second] = makeSeries(1, {
      place: () => upwards(3),
      changes: () => ({ '0008,0018': ['UI', '1.2.3.4.other'], '0020,0013': ['IS', '40'] }),
    })
    const series = await openFiles([second, ...makeSeries(7)])
    expect(series.warnings).toEqual([
      expect.stringMatching(/^1 slice at a position that another slice already has/),
    ])
    expectSlices(series, all, upwards)
  })

  it('at every position are two passes, each a series of its own', async () => {
    const files = [1, 2].flatMap(pass =>
      [0, 1, 2].map(k =>
        memoryFile(
          `${pass}/${k}.dcm`,
          writeDicom(
            sliceElements({
              uid: `${pass}.${k}`,
              positionLpsMm: upwards(k),
              stored: storedSlice(k).map(hu => hu + pass),
              changes: { '0020,0012': ['IS', String(pass)] },
            }),
          ),
        ),
      ),
    )
    const listing = await listSeries(shuffle(files))
    expect(listing.series.map(({ id, shape }) => [id, shape[0]])).toEqual([
      ['1.2.3', 3],
      ['1.2.3#2', 3],
    ])
    const series = await openFiles(shuffle(files))
    expect(series.warnings).toEqual([expect.stringMatching(/visits every position 2 times; this is pass 1/)])
    expect(huAtRasMm(series, [100, 50, 0])).toBe(seriesHu(0, 0, 0) + 1)
  })
})

describe('several series', () => {
  const twoSeries = () => [
    ...makeSeries(5, {
      seriesUid: '7.1',
      changes: () => ({ '0008,103e': ['LO', 'Lung'], '0018,1210': ['SH', 'B70f'] }),
    }),
    ...makeSeries(7, { seriesUid: '7.2', changes: () => ({ '0008,103e': ['LO', 'Soft'] }) }),
  ]

  it('are listed with what tells them apart, and each opens alone', async () => {
    const listing = await listSeries(shuffle(twoSeries()))
    const byId = new Map(listing.series.map(series => [series.id, series]))
    expect(byId.get('7.1')).toMatchObject({
      description: 'Lung',
      kernel: 'B70f',
      modality: 'CT',
      format: 'dicom',
      shape: [5, 3, 4],
      spacingMm: [2, 0.75, 0.5],
      sliceThicknessMm: 2,
    })
    expect(byId.get('7.2')).toMatchObject({ description: 'Soft', shape: [7, 3, 4] })
    expect(byId.size).toBe(2)
    const series = await openSeries(listing, '7.2')
    expectSlices(series, all, upwards)
    expect(series.dicom!.seriesInstanceUid).toBe('7.2')
  })

  it('of which one is a localizer: the axial one comes first, the localizer says what it is', async () => {
    const [localizer] = makeSeries(1, {
      seriesUid: '0.1',
      changes: () => ({ '0008,0008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'] }),
    })
    const listing = await listSeries([localizer, ...makeSeries(7)])
    expect(listing.series.map(({ id }) => id)).toEqual(['1.2.3', '0.1'])
    expect(listing.series[1].problem).toMatch(/is a localizer \(scout\) image.*Open the axial CT series/)
    await expect(openSeries(listing, '0.1')).rejects.toThrow(/localizer/)
  })

  it('set a localizer within one series apart', async () => {
    const files = makeSeries(8, {
      changes: k => (k === 0 ? { '0008,0008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'] } : {}),
    })
    const listing = await listSeries(files)
    expect(listing.series.map(({ id, shape }) => [id, shape[0]])).toEqual([
      ['1.2.3', 7],
      ['1.2.3#2', 1],
    ])
  })

  it('are made of one that mixes orientations, spacings or sizes', async () => {
    const coronal = makeSeries(3, {
      orientation: [1, 0, 0, 0, 0, -1],
      place: k => [0, k, 0],
      changes: k => ({ '0008,0018': ['UI', `9.${k}`] }),
    })
    const wider = makeSeries(2, {
      changes: k => ({ '0008,0018': ['UI', `8.${k}`], '0028,0030': ['DS', '0.8\\0.8'] }),
    })
    const listing = await listSeries([...wider, ...coronal, ...makeSeries(4)])
    expect(listing.series.map(({ id, shape }) => [id, shape[0]])).toEqual([
      ['1.2.3', 4],
      ['1.2.3#2', 3],
      ['1.2.3#3', 2],
    ])
  })

  it('mention a report among the files and open the scan', async () => {
    const report = memoryFile(
      'report.dcm',
      writeDicom({ '0008,0060': ['CS', 'SR'], '0008,0018': ['UI', '5.5'], '0020,000e': ['UI', '5.1'] }),
    )
    const listing = await listSeries([report, ...makeSeries(3)])
    expect(listing.series.length).toBe(1)
    expect(listing.notes).toEqual([expect.stringMatching(/structured report and holds no pixel data/)])
  })
})

describe('what is not a CT stack in HU', () => {
  const without = (tag: string): Elements => ({ [tag]: undefined })

  it.each([
    ['MR', { '0008,0060': ['CS', 'MR'] }, /“Thorax” is an MR image \(modality MR\), not CT/],
    ['PET', { '0008,0060': ['CS', 'PT'] }, /is a PET image/],
    ['no modality', without('0008,0060'), /modality unknown \(modality not stated\)/],
    [
      'a modality named like a property of every object',
      { '0008,0060': ['CS', 'toString'] },
      /an image of modality toString/,
    ],
    ['a localizer', { '0008,0008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'] }, /localizer/],
    [
      'a perfusion map',
      { '0008,0008': ['CS', 'DERIVED\\PRIMARY\\PERFUSION'] },
      /map derived from CT \(PERFUSION\)/,
    ],
    ['no pixel data', without('7fe0,0010'), /CT file without pixel data/],
    ['no rows', without('0028,0010'), /CT file without pixel data/],
    ['no pixel spacing', without('0028,0030'), /does not say its pixel spacing.*\(0028,0030\)/],
    ['zero pixel spacing', { '0028,0030': ['DS', '0\\0.5'] }, /does not say its pixel spacing/],
    ['half a pixel spacing', { '0028,0030': ['DS', '0.5\\'] }, /does not say its pixel spacing/],
    ['no position', without('0020,0032'), /does not say where its slices lie/],
    ['an empty position', { '0020,0032': ['DS', '\\\\'] }, /does not say where its slices lie/],
    ['a position in words', { '0020,0032': ['DS', 'a\\b\\c'] }, /does not say where its slices lie/],
    ['a position beyond reason', { '0020,0032': ['DS', '0\\0\\1e300'] }, /in a way that is impossible/],
    ['no orientation', without('0020,0037'), /does not say where its slices lie/],
    ['an orientation of zeros', { '0020,0037': ['DS', '0\\0\\0\\0\\0\\0'] }, /in a way that is impossible/],
    [
      'an orientation that is flat',
      { '0020,0037': ['DS', '1\\0\\0\\1\\0\\0'] },
      /in a way that is impossible/,
    ],
    ['colours', { '0028,0002': ['US', 3], '0028,0004': ['CS', 'RGB'] }, /is a colour image \(RGB\)/],
    ['12 bits allocated', { '0028,0100': ['US', 12] }, /stores 12 bits a pixel/],
    ['values that are no HU', { '0028,1054': ['LO', 'OD'] }, /holds values in OD/],
  ] as [string, Elements, RegExp][])('is refused: %s', async (_, changes, sentence) => {
    const message = await refusalOf(makeSeries(3, { changes: () => changes }))
    expect(message).toMatch(sentence)
    // What came, what is expected, what to do; and nobody's name.
    expect(message).toMatch(/\. (Open|Export) [^.]*\.$/)
    expect(message).not.toMatch(/Secret/)
  })

  it('is refused: a transfer syntax that is not read', async () => {
    for (const syntax of ['1.2.840.10008.1.2.4.100', 'toString']) {
      const elements = sliceElements({ uid: '1', positionLpsMm: [0, 0, 0], stored: storedSlice(0) })
      const bytes = writeDicom(elements, syntax)
      expect(await refusalOf([memoryFile('a.dcm', bytes)])).toMatch(
        `compressed in a way that is not read here (transfer syntax ${syntax})`,
      )
    }
  })
})
