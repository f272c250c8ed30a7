// What NIfTI-1 and -2 hold and how it is packed: data types, scaling, gzip, pairs, extensions. Fields as in nifti1.h.
import { gzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import type { Triple } from '../base/shape.ts'
import type { Datatype } from './testNifti.ts'
import { lpsForm, lpsPlace, makeNifti, makeNiftiParts } from './testNifti.ts'
import {
  expectPhantomAt,
  memoryFile,
  openBytes,
  openFiles,
  phantomHu,
  phantomShape,
  phantomValues,
  refusalOf,
} from './testScans.ts'

const refusal = (bytes: Uint8Array, name = 'scan.nii') => refusalOf([memoryFile(name, bytes)])

describe('NIfTI values', () => {
  it.each(['int8', 'uint8'] as const)('reads %s', async datatype => {
    const low = datatype === 'int8' ? -100 : 100
    const value = ([d, h, w]: Triple) => low + w + 4 * h + 20 * d
    const series = await openBytes(
      'scan.nii',
      makeNifti({ datatype, values: phantomValues(phantomShape, value), sform: lpsForm }),
    )
    expectPhantomAt(series, lpsPlace, value)
  })

  it.each(
    (['int16', 'int32', 'int64', 'float32', 'float64', 'uint16', 'uint32', 'uint64'] as const).flatMap(
      datatype =>
        ([1, 2] as const).flatMap(version =>
          [true, false].map(littleEndian => [datatype, version, littleEndian] as [Datatype, 1 | 2, boolean]),
        ),
    ),
  )('reads %s of NIfTI-%i, little endian: %s', async (datatype, version, littleEndian) => {
    const shift = datatype.startsWith('u') ? 1000 : 0
    const values = phantomValues().map(value => value + shift)
    const series = await openBytes(
      'scan.nii',
      makeNifti({ datatype, version, littleEndian, values, sform: lpsForm, slope: 1, intercept: -shift }),
    )
    expect(series.warnings).toEqual([])
    expectPhantomAt(series, lpsPlace)
  })

  it('scales with scl_slope and scl_inter', async () => {
    const series = await openBytes('scan.nii', makeNifti({ sform: lpsForm, slope: 0.5, intercept: -100 }))
    // Half HU round up, as Math.round does.
    expectPhantomAt(series, lpsPlace, voxel => Math.round(phantomHu(voxel) / 2 - 100))
  })

  it.each([
    ['zero', 0],
    ['not a number', NaN],
  ])('does not scale, nor shift, when scl_slope is %s', async (_, slope) => {
    const series = await openBytes('scan.nii', makeNifti({ sform: lpsForm, slope, intercept: 500 }))
    expectPhantomAt(series, lpsPlace)
  })

  it('sets values below −1024 to −1024 and counts them, above 32767 to 32767 with a warning', async () => {
    const values = phantomValues()
    values[0] = -1024
    values[1] = -1025
    values[2] = -30000
    values[3] = 40000
    const series = await openBytes('scan.nii', makeNifti({ datatype: 'int32', values, sform: lpsForm }))
    expect(series.paddedVoxels).toBe(2)
    expect(series.hu.min).toBe(-1024)
    expect(series.hu.max).toBe(32767)
    const kept = [-1024, -1024, -1024, 32767, ...values.slice(4)]
    expect(series.hu.mean).toBeCloseTo(kept.reduce((sum, hu) => sum + hu, 0) / kept.length, 9)
    expect(series.warnings).toEqual([expect.stringMatching(/above 32767 were set to 32767 \(1 of/)])
  })

  it('offers the display range of the file as a window', async () => {
    const series = await openBytes('scan.nii', makeNifti({ sform: lpsForm, calMin: -1000, calMax: 200 }))
    expect(series.windows).toEqual([{ name: 'File', widthHu: 1200, levelHu: -400 }])
  })

  it('warns of values that hold no air', async () => {
    const series = await openBytes(
      'scan.nii',
      makeNifti({ sform: lpsForm, values: phantomValues().map(() => 1) }),
    )
    expect(series.warnings).toEqual([expect.stringMatching(/No voxel is below -200 HU.*mask, an MR/)])
  })

  it.each([
    ['every voxel', 60, /60 of its 60 voxels \(100 %\)/],
    ['one voxel', 1, /1 of its 60 voxels \(1\.7 %\)/],
  ])('refuses NaN and infinity in %s, with a share in plain figures', async (_, count, sentence) => {
    const values = phantomValues().map((value, i) => (i < count ? (i % 2 ? -Infinity : NaN) : value))
    const message = await refusal(makeNifti({ datatype: 'float32', values, sform: lpsForm }))
    expect(message).toMatch(sentence)
    expect(message).toMatch(/no number.*Write −1024/)
  })

  it('refuses colours by name', async () => {
    const values = new Array(180).fill(0)
    expect(await refusal(makeNifti({ datatype: 'rgb24', values }))).toMatch(/colour or complex.*128/)
  })
})

describe('NIfTI files', () => {
  const fields = { sform: lpsForm }

  it('reads a gzipped file, also when gzip wrote it in several members', async () => {
    const bytes = makeNifti(fields)
    expectPhantomAt(await openBytes('scan.nii.gz', gzipSync(bytes)), lpsPlace)
    const [a, b] = [gzipSync(bytes.slice(0, 400)), gzipSync(bytes.slice(400))]
    const members = new Uint8Array([...a, ...b])
    expectPhantomAt(await openBytes('scan.nii.gz', members), lpsPlace)
  })

  it('skips extensions, as vox_offset says', async () => {
    const extension = new Uint8Array(64).fill(0x41)
    extension.set([64, 0, 0, 0, 6, 0, 0, 0])
    expectPhantomAt(await openBytes('scan.nii', makeNifti({ ...fields, extension })), lpsPlace)
    expectPhantomAt(await openBytes('scan.nii.gz', gzipSync(makeNifti({ ...fields, extension }))), lpsPlace)
  })

  it.each([1, 2] as const)('takes a vox_offset of 0 as the end of the header, version %i', async version => {
    expectPhantomAt(await openBytes('scan.nii', makeNifti({ ...fields, version, voxOffset: 0 })), lpsPlace)
  })

  it.each([
    ['scan.hdr', 'scan.img'],
    ['scan.hdr.gz', 'scan.img.gz'],
    ['scan.hdr', 'scan.img.gz'],
  ])('reads the pair %s and %s, dropped in any order', async (headerName, imageName) => {
    const { header, voxels } = makeNiftiParts({ ...fields, magic: 'ni1\0' })
    const pack = (name: string, bytes: Uint8Array) =>
      memoryFile(name, name.endsWith('.gz') ? gzipSync(bytes) : bytes)
    const files = [pack(headerName, header.subarray(0, 348)), pack(imageName, voxels)]
    expectPhantomAt(await openFiles(files), lpsPlace)
    expectPhantomAt(await openFiles([...files].reverse()), lpsPlace)
  })

  it('asks for the other half of a pair', async () => {
    const { header, voxels } = makeNiftiParts({ ...fields, magic: 'ni1\0' })
    expect(await refusal(header, 'scan.hdr')).toMatch(/its \.img file with the voxels is missing/)
    expect(await refusal(voxels, 'scan.img')).toMatch(/only half of an \.hdr\/\.img pair/)
    const stranger = memoryFile('other.img', voxels)
    expect(await refusalOf([memoryFile('scan.hdr', header), stranger])).toMatch(/\.img file.*is missing/)
  })

  it('reads a fourth axis of length one and refuses several volumes or a single image', async () => {
    const [D, H, W] = phantomShape
    expectPhantomAt(
      await openBytes('scan.nii', makeNifti({ ...fields, dims: [4, W, H, D, 1, 1, 1, 1] })),
      lpsPlace,
    )
    expect(await refusal(makeNifti({ dims: [4, W, H, 1, D, 1, 1, 1] }))).toMatch(
      /4-dimensional.*several volumes/,
    )
    expect(await refusal(makeNifti({ dims: [2, W, H, 1, 1, 1, 1, 1] }))).toMatch(/single 2-D image/)
  })
})
