// MetaImage by ITK's reader (MetaIO): positions are LPS, row i of TransformMatrix is the direction of file axis i, Offset
// is the centre of the first voxel.
import { zlibSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import type { Triple } from '../base/shape.ts'
import type { PointMm } from './geometry.ts'
import {
  expectPhantomAt,
  int16Bytes,
  joinBytes,
  memoryFile,
  openBytes,
  openFiles,
  phantomHu,
  phantomShape,
  phantomValues,
  refusalOf,
} from './testScans.ts'

const [D, H, W] = phantomShape
const voxels = int16Bytes(phantomValues())

const plainFields: Readonly<Record<string, string>> = {
  ObjectType: 'Image',
  NDims: '3',
  BinaryData: 'True',
  BinaryDataByteOrderMSB: 'False',
  CompressedData: 'False',
  TransformMatrix: '1 0 0 0 1 0 0 0 1',
  Offset: '-10 -20 30',
  ElementSpacing: '0.5 2 4',
  DimSize: `${W} ${H} ${D}`,
  ElementType: 'MET_SHORT',
  ElementDataFile: 'LOCAL',
}

type Changes = Readonly<Record<string, string>>

/** Header with `changes`; a field that is '' is left out. */
function header(changes: Changes = {}, newline = '\n'): Uint8Array {
  const lines = Object.entries({ ...plainFields, ...changes })
    .sort(([a], [b]) => Number(a === 'ElementDataFile') - Number(b === 'ElementDataFile'))
    .filter(([, value]) => value !== '')
    .map(([field, value]) => `${field} = ${value}${newline}`)
  return new TextEncoder().encode(lines.join(''))
}

const openChanged = (changes: Changes, data = voxels) =>
  openBytes('scan.mha', joinBytes(header(changes), data))
const refuseChanged = (changes: Changes, data = voxels) =>
  refusalOf([memoryFile('scan.mha', joinBytes(header(changes), data))])

const plainPlace = ([d, h, w]: Triple): PointMm => [10 - 0.5 * w, 20 - 2 * h, 30 + 4 * d]

describe('MetaImage geometry', () => {
  it('takes LPS positions to RAS', async () => {
    const series = await openChanged({})
    expect(series.warnings).toEqual([])
    expect(series.modality).toBe('unknown')
    expectPhantomAt(series, plainPlace)
  })

  it('takes a row of TransformMatrix as the direction of one axis', async () => {
    // Not symmetric, so that rows taken for columns would show: w → +z, h → +x, d → +y (LPS).
    const series = await openChanged({ TransformMatrix: '0 0 1 1 0 0 0 1 0' })
    expect(series.volume.shape).toEqual([W, D, H])
    expectPhantomAt(series, ([d, h, w]) => [-(-10 + 2 * h), -(-20 + 4 * d), 30 + 0.5 * w])
  })

  it('keeps an oblique matrix', async () => {
    const series = await openChanged({ TransformMatrix: '0.6 0.8 0 -0.8 0.6 0 0 0 -1' })
    expectPhantomAt(series, ([d, h, w]) => [
      -(-10 + 0.6 * 0.5 * w - 0.8 * 2 * h),
      -(-20 + 0.8 * 0.5 * w + 0.6 * 2 * h),
      30 - 4 * d,
    ])
  })

  it('knows the older names of matrix, offset and spacing', async () => {
    const series = await openChanged({
      TransformMatrix: '',
      Offset: '',
      ElementSpacing: '',
      Rotation: '0 1 0 1 0 0 0 0 1',
      Position: '1 2 3',
      ElementSize: '0.5 2 4',
    })
    expectPhantomAt(series, ([d, h, w]) => [-(1 + 2 * h), -(2 + 0.5 * w), 3 + 4 * d])
  })

  it('warns where no TransformMatrix says how the scan is oriented', async () => {
    const series = await openChanged({ TransformMatrix: '' })
    expect(series.warnings).toEqual([expect.stringMatching(/does not say how it is oriented.*LPS/)])
    expectPhantomAt(series, plainPlace)
  })

  it('reads a fourth dimension of length one', async () => {
    const series = await openChanged({
      NDims: '4',
      DimSize: `${W} ${H} ${D} 1`,
      ElementSpacing: '0.5 2 4 1',
      Offset: '-10 -20 30 0',
      TransformMatrix: '1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1',
    })
    expectPhantomAt(series, plainPlace)
  })

  it.each([
    ['no spacing', { ElementSpacing: '' }, /how large its voxels are/],
    ['zero spacing', { ElementSpacing: '0.5 0 4' }, /how large its voxels are/],
    ['a matrix that is flat', { TransformMatrix: '1 0 0 1 0 0 0 0 1' }, /size of its voxels/],
    ['a matrix in words', { TransformMatrix: 'a b c d e f g h i' }, /size of its voxels/],
    ['an incomplete matrix', { TransformMatrix: '1 0 0 1' }, /TransformMatrix/],
    ['a negative size', { DimSize: `${W} -5 ${D}` }, /says it has 4 × -5 × 3 voxels/],
    ['a picture', { DimSize: `${W} ${H}` }, /has 2 dimensions/],
    ['no size', { DimSize: '' }, /has 0 dimensions/],
  ])('refuses %s', async (_, changes, sentence) => {
    expect(await refuseChanged(changes)).toMatch(sentence)
  })
})

describe('MetaImage data', () => {
  it('reads voxels after lines that end with CR LF', async () => {
    expectPhantomAt(await openBytes('scan.mha', joinBytes(header({}, '\r\n'), voxels)), plainPlace)
    const packed = joinBytes(header({ CompressedData: 'True' }, '\r\n'), zlibSync(voxels))
    expectPhantomAt(await openBytes('scan.mha', packed), plainPlace)
  })

  it('reads zlib data', async () => {
    expectPhantomAt(await openChanged({ CompressedData: 'True' }, zlibSync(voxels)), plainPlace)
  })

  it.each(['BinaryDataByteOrderMSB', 'ElementByteOrderMSB'])('reads big endian by %s', async field => {
    const view = new DataView(new ArrayBuffer(2 * W * H * D))
    phantomValues().forEach((value, i) => view.setInt16(2 * i, value, false))
    expectPhantomAt(await openChanged({ [field]: 'True' }, new Uint8Array(view.buffer)), plainPlace)
  })

  it.each([
    ['MET_FLOAT', Float32Array],
    ['MET_DOUBLE', Float64Array],
    ['MET_INT', Int32Array],
    ['MET_LONG', Int32Array], // four bytes on disk, MetaIO's metaTypes.h
  ] as const)('reads %s', async (ElementType, Values) => {
    const data = new Uint8Array((Values as Float32ArrayConstructor).from(phantomValues()).buffer)
    expectPhantomAt(await openChanged({ ElementType }, data), plainPlace)
  })

  it('applies the slope and offset to intensity', async () => {
    const changes = { ElementToIntensityFunctionSlope: '2', ElementToIntensityFunctionOffset: '1000' }
    const series = await openChanged(changes)
    expectPhantomAt(series, plainPlace, voxel => 2 * phantomHu(voxel) + 1000)
  })

  it('reads an .mhd with its raw or zraw file, skipping HeaderSize bytes', async () => {
    const raw = [
      memoryFile('scan.raw', joinBytes(new Uint8Array(6), voxels)),
      memoryFile('scan.mhd', header({ ElementDataFile: 'scan.raw', HeaderSize: '6' })),
    ]
    expectPhantomAt(await openFiles(raw), plainPlace)
    const ending = [raw[0], memoryFile('scan.mhd', header({ ElementDataFile: 'scan.raw', HeaderSize: '-1' }))]
    expectPhantomAt(await openFiles(ending), plainPlace)
    const packed = [
      memoryFile('scan.mhd', header({ ElementDataFile: 'scan.zraw', CompressedData: 'True' }, '\r\n')),
      memoryFile('scan.zraw', zlibSync(voxels)),
    ]
    expectPhantomAt(await openFiles(packed), plainPlace)
  })

  it('says that a scan is CT where the file does', async () => {
    expect((await openChanged({ Modality: 'MET_MOD_CT' })).modality).toBe('CT')
  })

  it.each([
    ['voxels as text', { BinaryData: 'False' }, /stores its voxels as text.*BinaryData/],
    ['colours', { ElementNumberOfChannels: '3' }, /3 values a voxel/],
    ['an unknown type', { ElementType: 'MET_STRING' }, /values of type “MET_STRING”/],
    [
      'a type named like a property of every object',
      { ElementType: 'toString' },
      /values of type “toString”/,
    ],
    ['several files', { ElementDataFile: 'LIST' }, /spreads its voxels over several files/],
    ['a missing data file', { ElementDataFile: 'lost.raw' }, /its voxels are in lost\.raw, which is missing/],
    [
      'more voxels than the file holds',
      { DimSize: `${W} ${H} 4` },
      /is too short: its header promises 4 × 5 × 4/,
    ],
    ['damaged zlib data', { CompressedData: 'True' }, /cut off or damaged/],
  ])('refuses %s', async (_, changes, sentence) => {
    expect(await refuseChanged(changes)).toMatch(sentence)
  })

  it('refuses a header that ends before it names its data', async () => {
    const bytes = header().subarray(0, 60)
    expect(await refusalOf([memoryFile('scan.mha', bytes)])).toMatch(/does not say where its voxels are/)
  })
})
