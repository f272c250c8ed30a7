// DICOM files as they come: many frames in one, without preamble, long, cut off, damaged.
import { describe, expect, it } from 'vitest'
import { listSeries, openSeries } from '../readScan.ts'
import { huAtRasMm, memoryFile, openFiles, refusalOf } from '../testScans.ts'
import type { Elements } from './testDicom.ts'
import {
  columns,
  makeSeries,
  pixelSpacingMm,
  rows,
  seriesHu,
  sliceElements,
  storedSlice,
  upwards,
  writeDicom,
} from './testDicom.ts'

/** An enhanced CT: `count` frames, plain pixels, geometry in functional groups (PS3.3 C.7.6.16). */
function enhanced(count: number, order: (frame: number) => number = frame => frame): Elements {
  const stored = Array.from({ length: count }, (_, frame) => storedSlice(order(frame))).flat()
  const base = sliceElements({ uid: 'enhanced', positionLpsMm: [0, 0, 0], stored })
  const moved = ['0020,0032', '0020,0037', '0028,0030', '0018,0050', '0028,1052', '0028,1053']
  return {
    ...base,
    ...Object.fromEntries(moved.map(tag => [tag, undefined])),
    '0008,0016': ['UI', '1.2.840.10008.5.1.4.1.1.2.1'],
    '0028,0008': ['IS', String(count)],
    '5200,9229': [
      'SQ',
      [
        {
          '0020,9116': ['SQ', [{ '0020,0037': base['0020,0037'] }]],
          '0028,9110': ['SQ', [{ '0028,0030': base['0028,0030'], '0018,0050': base['0018,0050'] }]],
        },
      ],
    ],
    '5200,9230': [
      'SQ',
      Array.from({ length: count }, (_, frame) => ({
        '0020,9113': ['SQ', [{ '0020,0032': ['DS', upwards(order(frame)).join('\\')] }]],
        '0028,9145': ['SQ', [{ '0028,1052': ['DS', '0'], '0028,1053': ['DS', '1'] }]],
      })),
    ],
  }
}

describe('multi-frame files', () => {
  it('hold a whole stack, sorted by each frame’s position', async () => {
    const series = await openFiles([memoryFile('enhanced.dcm', writeDicom(enhanced(5, frame => 4 - frame)))])
    expect(series.warnings).toEqual([])
    expect(series.fileGrid.shape).toEqual([5, rows, columns])
    expect(series.fileGrid.spacingMm).toEqual([2, ...pixelSpacingMm])
    for (let k = 0; k < 5; k++) expect(huAtRasMm(series, [100, 50, 2 * k])).toBe(seriesHu(k, 0, 0))
  })

  it('are refused when their pixels end before the last frame does', async () => {
    const elements = enhanced(5)
    const [, pixelBytes] = elements['7fe0,0010'] as ['OW', Uint8Array]
    const cut: Elements = { ...elements, '7fe0,0010': ['OW', pixelBytes.subarray(0, pixelBytes.length - 2)] }
    expect(await refusalOf([memoryFile('enhanced.dcm', writeDicom(cut))])).toMatch(
      /ends before its 4 × 3 pixels/,
    )
  })

  it('set a frame that has no place apart', async () => {
    const elements: Elements = { ...enhanced(5), '0028,0008': ['IS', '6'] }
    const listing = await listSeries([memoryFile('enhanced.dcm', writeDicom(elements))])
    expect(listing.series.map(({ shape }) => shape[0])).toEqual([5, 6])
    expect(listing.series[1].problem).toMatch(/does not say its pixel spacing|does not say where/)
  })

  it.each(['2000000000', '99999'])('that claim %s frames are refused at once', async frames => {
    const elements = { ...enhanced(2), '0028,0008': ['IS', frames] } as Elements
    expect(await refusalOf([memoryFile('enhanced.dcm', writeDicom(elements))])).toMatch(
      `says that it has ${frames} frames`,
    )
  })

  it('that state their number of frames in words are taken as one', async () => {
    const series = await openFiles(makeSeries(3, { changes: () => ({ '0028,0008': ['IS', 'many'] }) }))
    expect(series.fileGrid.shape[0]).toBe(3)
  })
})

describe('files', () => {
  const elements = sliceElements({ uid: '1', positionLpsMm: [0, 0, 0], stored: storedSlice(0) })
  const whole = writeDicom(elements)

  it('without preamble are recognised by their first tags', async () => {
    const series = await openFiles([memoryFile('IM0001', whole.subarray(132))])
    expect(huAtRasMm(series, [0, 0, 0])).toBe(seriesHu(0, 0, 0))
  })

  it('are refused in a sentence wherever they end', async () => {
    const endings = new Set<string>()
    for (let length = 0; length < whole.length; length += 7) {
      const message = await refusalOf([memoryFile('cut.dcm', whole.subarray(0, length))])
      expect(message).toMatch(/^[^]+; [^]+\. [A-Z][^]+\.$|damaged or cut off\. Copy/)
      endings.add(message.replace(/\d+/g, 'n'))
    }
    expect([...endings].some(message => /ends before its n × n pixels do/.test(message))).toBe(true)
  })

  it('with a header longer than the first 64 KB are read on', async () => {
    const long: Elements = {
      ...elements,
      '0009,0010': ['LO', 'PRIVATE'],
      '0009,1001': ['OB', new Uint8Array(100_000)],
    }
    const series = await openFiles([memoryFile('long.dcm', writeDicom(long))])
    expect(huAtRasMm(series, [0, 0, 0])).toBe(seriesHu(0, 0, 0))
  })

  it('keep identifiers for export, in the file’s character set, but not in what is shown', async () => {
    const series = await openFiles([
      memoryFile(
        'a.dcm',
        writeDicom({
          ...elements,
          '0008,0005': ['CS', 'ISO_IR 192'],
          '0010,0010': ['PN', 'Müller^Jörg'],
          '0020,0052': ['UI', '1.9'],
        }),
      ),
    ])
    expect(series.dicom!.attributes.PatientName).toBe('Müller^Jörg')
    expect(series.dicom!.frameOfReferenceUid).toBe('1.9')
    expect(JSON.stringify([series.description, series.id, series.warnings])).not.toMatch(/Müller/)
  })

  it('damaged among good ones are mentioned, and the good ones open', async () => {
    const listing = await listSeries([memoryFile('cut.dcm', whole.subarray(0, 300)), ...makeSeries(3)])
    expect(listing.notes).toEqual([
      expect.stringMatching(/^cut\.dcm looks like DICOM but its header is damaged/),
    ])
    expect((await openSeries(listing, '1.2.3')).fileGrid.shape[0]).toBe(3)
  })

  it('whose pixels do not fit their compression are refused', async () => {
    for (const syntax of ['1.2.840.10008.1.2.4.70', '1.2.840.10008.1.2.5', '1.2.840.10008.1.2.4.90'])
      expect(await refusalOf([memoryFile('a.dcm', writeDicom(elements, syntax))])).toMatch(
        /compressed pixels of a\.dcm are damaged|ends before its/,
      )
  })
})
