// DICOM SEG and RTSTRUCT on the grid of their series: where every voxel lies, holes, fractions, other grids, and refusals.
import { describe, expect, it } from 'vitest'
import { rasMmToVoxel, rasToLps, type PointMm } from '../geometry.ts'
import { openFiles } from '../testScans.ts'
import type { OpenedSeries, ScanFile } from '../volume.ts'
import { fillStructure, readContourSet } from './contours.ts'
import { parseDataSet } from './dataSet.ts'
import { paintSegmentation } from './paintSegmentation.ts'
import { readSegmentation } from './segmentation.ts'
import { makeSeries, rows, columns, upwards } from './testDicom.ts'
import { encodeFrame } from './testEncode.ts'
import { contourFile, placeInSlice, segFile, type SegFields } from './testMasks.ts'

const series: Promise<OpenedSeries> = openFiles(makeSeries(5))

/** Indices into the volume of pixels [slice, row, column] of the series. */
function indices({ volume }: OpenedSeries, pixels: readonly (readonly number[])[]): number[] {
  const [, H, W] = volume.shape
  return pixels
    .map(([k, row, column]) => {
      const voxel = rasMmToVoxel(volume.affine, rasToLps(placeInSlice(k, row, column) as unknown as PointMm))
      const [d, h, w] = voxel.map(Math.round)
      return (d * H + h) * W + w
    })
    .sort((a, b) => a - b)
}

async function paint(fields: SegFields) {
  const file = segFile('seg.dcm', fields)
  const seg = readSegmentation(parseDataSet(await file.bytes(), true), file)
  return paintSegmentation(seg, seg.segments, (await series).volume)
}

const frame = (segment: number, k: number, pixels: readonly number[]) => ({
  segment,
  positionLpsMm: upwards(k),
  pixels,
})
const corner = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
const middle = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]

describe('DICOM SEG', () => {
  it('paints binary frames of several segments, whose bits cross bytes', async () => {
    const { segments, isResampled, outside } = await paint({
      names: ['Lesion A', 'Lesion B'],
      frames: [frame(1, 3, corner), frame(1, 1, middle), frame(2, 3, middle)],
    })
    expect({ isResampled, outside }).toEqual({ isResampled: false, outside: 0 })
    expect(segments.map(({ name }) => name)).toEqual(['Lesion A', 'Lesion B'])
    const opened = await series
    expect([...segments[0].voxels]).toEqual(
      indices(opened, [
        [3, 0, 0],
        [3, 0, 1],
        [3, 2, 3],
        [1, 1, 1],
      ]),
    )
    expect([...segments[1].voxels]).toEqual(indices(opened, [[3, 1, 1]]))
  })

  it('takes fractional voxels from half of their maximum on', async () => {
    const { segments } = await paint({
      kind: 'FRACTIONAL',
      names: ['Lesion'],
      frames: [frame(1, 2, [99, 100, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    })
    expect([...segments[0].voxels]).toEqual(
      indices(await series, [
        [2, 0, 1],
        [2, 0, 2],
      ]),
    )
  })

  /** Two segments of a label map that share a frame. */
  const map = [
    frame(0, 1, [0, 1, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0]),
    frame(0, 2, [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1]),
  ]
  const ofFirst = [
    [1, 0, 1],
    [2, 2, 3],
  ]
  const ofSecond = [
    [1, 1, 1],
    [1, 1, 2],
    [2, 1, 1],
  ]

  it('tells the segments of a label map by its values, of 8 or 16 bits, and takes no background for one', async () => {
    for (const bits of [8, 16] as const) {
      const { segments } = await paint({ kind: 'LABELMAP', bits, names: ['Lesion', 'Organ'], frames: map })
      expect(segments.map(({ number, name }) => [number, name])).toEqual([
        [1, 'Lesion'],
        [2, 'Organ'],
      ])
      expect([...segments[0].voxels]).toEqual(indices(await series, ofFirst))
      expect([...segments[1].voxels]).toEqual(indices(await series, ofSecond))
    }
  })

  it.each([
    ['RLE', '1.2.840.10008.1.2.5'],
    ['JPEG-LS', '1.2.840.10008.1.2.4.80'],
    ['JPEG 2000', '1.2.840.10008.1.2.4.90'],
    ['High-Throughput JPEG 2000', '1.2.840.10008.1.2.4.201'],
  ])('is read compressed by %s, as label map and as fractions', async (_, transferSyntax) => {
    const pack = (frames: SegFields['frames'], bits: 8 | 16) =>
      Promise.all(
        frames.map(({ pixels }) => {
          const plain =
            bits === 16 ? new Uint8Array(Uint16Array.from(pixels).buffer) : Uint8Array.from(pixels)
          const format = { transferSyntax, rows, columns, bitsAllocated: bits, bitsStored: bits }
          return encodeFrame(plain, format)
        }),
      )
    for (const bits of [8, 16] as const) {
      const compressed = { transferSyntax, frames: await pack(map, bits) }
      const names = ['Lesion', 'Organ']
      const { segments } = await paint({ kind: 'LABELMAP', bits, names, frames: map, compressed })
      expect([...segments[0].voxels]).toEqual(indices(await series, ofFirst))
      expect([...segments[1].voxels]).toEqual(indices(await series, ofSecond))
    }
    const frames = [
      frame(1, 2, [99, 100, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      frame(
        1,
        3,
        middle.map(one => 200 * one),
      ),
    ]
    const compressed = { transferSyntax, frames: await pack(frames, 8) }
    const { segments } = await paint({ kind: 'FRACTIONAL', names: ['Lesion'], frames, compressed })
    expect([...segments[0].voxels]).toEqual(
      indices(await series, [
        [2, 0, 1],
        [2, 0, 2],
        [3, 1, 1],
      ]),
    )
  })

  it('counts frames that reach outside of the scan', async () => {
    const { segments, outside } = await paint({
      names: ['Lesion'],
      frames: [frame(1, 9, corner), frame(1, 4, middle)],
    })
    expect(outside).toBe(1)
    expect([...segments[0].voxels]).toEqual(indices(await series, [[4, 1, 1]]))
  })

  it('resamples frames on a finer grid', async () => {
    // Half the spacing in plane, slices 1 mm apart from 3.5 mm on: two of them in each slice of the scan.
    const fine = (z: number) => ({
      segment: 1,
      positionLpsMm: [-100.125, -50.1875, z],
      pixels: Array.from({ length: 48 }, (_, i) => (Math.floor(i / 8) < 4 && i % 8 < 2 ? 1 : 0)),
    })
    const { segments, isResampled } = await paint({
      names: ['Lesion'],
      size: [2 * rows, 2 * columns],
      spacingMm: [0.375, 0.25],
      stepMm: 1,
      frames: [fine(3.5), fine(4.5)],
    })
    expect(isResampled).toBe(true)
    expect([...segments[0].voxels]).toEqual(
      indices(await series, [
        [2, 0, 0],
        [2, 1, 0],
      ]),
    )
  })

  it('refuses packed bits that are compressed, and label maps whose values a lossy compression has changed', async () => {
    const binary = { names: ['Lesion'], frames: [frame(1, 2, corner)] }
    const deflated = { transferSyntax: '1.2.840.10008.1.2.8.1', frames: [new Uint8Array(8)] }
    await expect(paint({ ...binary, compressed: deflated })).rejects.toThrow(
      /seg\.dcm is a segmentation whose pixels cannot be read \(1 bit, transfer syntax 1\.2\.840\.10008\.1\.2\.8\.1\)/,
    )
    const rle = { ...deflated, transferSyntax: '1.2.840.10008.1.2.5' }
    await expect(paint({ ...binary, compressed: rle })).rejects.toThrow(/Export it again uncompressed/)
    const lossy = { '0028,2110': ['CS', '01'] } as const
    const fields = { kind: 'LABELMAP', names: ['Lesion'], frames: map } as const
    await expect(paint({ ...fields, changes: lossy })).rejects.toThrow(
      /label map that was compressed with losses/,
    )
    const jpeg = { transferSyntax: '1.2.840.10008.1.2.4.50', frames: [new Uint8Array(8), new Uint8Array(8)] }
    await expect(paint({ ...fields, compressed: jpeg })).rejects.toThrow(/compressed with losses/)
  })

  it('refuses frames without a place, and bits that end too early', async () => {
    const read = (file: ScanFile) =>
      file.bytes().then(bytes => readSegmentation(parseDataSet(bytes, true), file))
    const fields = { names: ['Lesion'], frames: [frame(1, 2, corner)] }
    await expect(read(segFile('s.dcm', { ...fields, changes: { '5200,9230': undefined } }))).rejects.toThrow(
      's.dcm does not say where its frames lie',
    )
    await expect(paint({ ...fields, changes: { '7fe0,0010': ['OB', new Uint8Array(0)] } })).rejects.toThrow(
      'seg.dcm',
    )
  })
})

describe('RTSTRUCT', () => {
  /** A rectangle in slice k around the pixels from row/column `low` to `high`, both included. */
  const box = (k: number, [r0, c0]: readonly number[], [r1, c1]: readonly number[]) => ({
    points: [
      placeInSlice(k, r0 - 0.4, c0 - 0.4),
      placeInSlice(k, r0 - 0.4, c1 + 0.4),
      placeInSlice(k, r1 + 0.4, c1 + 0.4),
      placeInSlice(k, r1 + 0.4, c0 - 0.4),
    ],
  })

  async function fill(...outlines: { kind?: string; points: number[][] }[]) {
    const file = contourFile('rt.dcm', [{ name: 'GTV-1', outlines }])
    const set = readContourSet(parseDataSet(await file.bytes(), true), 'rt.dcm')
    return { set, ...fillStructure(set.structures[0], (await series).fileGrid) }
  }

  it('fills outlines on their slices and leaves an inner outline as a hole', async () => {
    const { set, voxels, skipped, gaps } = await fill(
      box(1, [0, 0], [2, 3]),
      box(1, [1, 1], [1, 2]),
      box(3, [0, 0], [0, 1]),
    )
    expect(set).toMatchObject({ seriesUids: ['1.2.3'], frameOfReferenceUid: '1.5' })
    expect({ skipped, gaps }).toEqual({ skipped: 0, gaps: 1 })
    const around = [0, 1, 2].flatMap(row => [0, 1, 2, 3].map(column => [1, row, column]))
    const ring = around.filter(([, row, column]) => !(row === 1 && (column === 1 || column === 2)))
    expect([...voxels]).toEqual(indices(await series, [...ring, [3, 0, 0], [3, 0, 1]]))
  })

  it('skips what is not closed, and outlines beside the scan', async () => {
    const { voxels, skipped } = await fill(
      box(1, [0, 0], [0, 0]),
      { kind: 'POINT', points: [placeInSlice(1, 2, 2)] },
      box(40, [0, 0], [1, 1]),
    )
    expect([...voxels]).toEqual(indices(await series, [[1, 0, 0]]))
    expect(skipped).toBe(1)
    await expect(fill({ kind: 'POINT', points: [[0, 0, 0]] })).rejects.toThrow('without a closed outline')
  })
})
