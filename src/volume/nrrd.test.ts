// NRRD by the format's own description (teem.sourceforge.net/nrrd/format.html): the fastest axis comes first, an axis's
// space direction is its step in the named space, the origin is the centre of the first voxel.
import { gzipSync } from 'fflate'
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
  type: 'short',
  dimension: '3',
  sizes: `${W} ${H} ${D}`,
  endian: 'little',
  encoding: 'raw',
  space: 'left-posterior-superior',
  'space directions': '(0.5,0,0) (0,2,0) (0,0,4)',
  'space origin': '(-10,-20,30)',
}

/** Header with `changes`; a field that is '' is left out. */
function header(changes: Readonly<Record<string, string>> = {}, newline = '\n'): Uint8Array {
  const lines = Object.entries({ ...plainFields, ...changes })
    .filter(([, value]) => value !== '')
    .map(([field, value]) => `${field}: ${value}`)
  return new TextEncoder().encode(['NRRD0004', '# a comment: not a field', ...lines, '', ''].join(newline))
}

const openChanged = (changes: Readonly<Record<string, string>>, data = voxels) =>
  openBytes('scan.nrrd', joinBytes(header(changes), data))
const refuseChanged = (changes: Readonly<Record<string, string>>, data = voxels) =>
  refusalOf([memoryFile('scan.nrrd', joinBytes(header(changes), data))])

/** The plain header's positions: LPS, so that x and y change sign in RAS. */
const lpsPlace = ([d, h, w]: Triple): PointMm => [10 - 0.5 * w, 20 - 2 * h, 30 + 4 * d]

describe('NRRD geometry', () => {
  it.each([
    ['left-posterior-superior', -1, -1],
    ['LPS', -1, -1],
    ['right-anterior-superior', 1, 1],
    ['RAS', 1, 1],
    ['left-anterior-superior', -1, 1],
    ['LAS', -1, 1],
  ])('takes the axes of %s to RAS', async (space, x, y) => {
    const series = await openChanged({ space })
    expect(series.warnings).toEqual([])
    expect(series.volume.spacingMm).toEqual([4, 2, 0.5])
    expectPhantomAt(series, ([d, h, w]) => [x * (-10 + 0.5 * w), y * (-20 + 2 * h), 30 + 4 * d])
  })

  it('follows space directions that are turned and oblique', async () => {
    // 3-4-5 triangles: columns step 0.5 mm and rows 2 mm in the x–z plane, slices 4 mm along −y (LPS).
    const series = await openChanged({ 'space directions': '(0.3,0,0.4) (-1.6,0,1.2) (0,-4,0)' })
    expect(series.volume.spacingMm.map(mm => +mm.toFixed(6)).sort()).toEqual([0.5, 2, 4])
    expectPhantomAt(series, ([d, h, w]) => [
      -(-10 + 0.3 * w - 1.6 * h),
      -(-20 - 4 * d),
      30 + 0.4 * w + 1.2 * h,
    ])
  })

  it('takes LPS, and says so, where the space is not stated', async () => {
    const series = await openChanged({ space: '' })
    expect(series.warnings).toEqual([expect.stringMatching(/not stated.*LPS was assumed/)])
    expectPhantomAt(series, lpsPlace)
  })

  it('is not misled by a space named like a property of every object', async () => {
    const series = await openChanged({ space: 'toString' })
    expect(series.warnings).toEqual([expect.stringMatching(/LPS was assumed/)])
    expectPhantomAt(series, lpsPlace)
  })

  it('takes plain spacings with a warning', async () => {
    const noSpace = { space: '', 'space directions': '', 'space origin': '' }
    const series = await openChanged({ ...noSpace, spacings: '0.5 2 4' })
    expect(series.warnings).toEqual([expect.stringMatching(/does not say how it is oriented/)])
    expectPhantomAt(series, ([d, h, w]) => [-0.5 * w + 0, -2 * h + 0, 4 * d])
  })

  it('leaves out axes of length one, wherever they stand', async () => {
    const series = await openChanged({
      dimension: '4',
      sizes: `1 ${W} ${H} ${D}`,
      'space directions': 'none (0.5,0,0) (0,2,0) (0,0,4)',
    })
    expectPhantomAt(series, lpsPlace)
  })

  it.each([
    ['no geometry', { 'space directions': '', space: '' }, /how large its voxels are/],
    ['a zero direction', { 'space directions': '(0,0,0) (0,2,0) (0,0,4)' }, /size of its voxels/],
    [
      'a direction that is not a number',
      { 'space directions': '(a,0,0) (0,2,0) (0,0,4)' },
      /how large its voxels/,
    ],
    ['a negative size', { sizes: `-${W} ${H} ${D}` }, /says it has -4 × 5 × 3 voxels/],
    ['a fourth axis', { sizes: `3 ${W} ${H} ${D}` }, /has 4 axes.*single 3-D/],
    ['a single slice', { sizes: `${W} ${H}` }, /has 2 axes/],
    ['no sizes', { sizes: '' }, /has 0 axes/],
  ])('refuses %s', async (_, changes, sentence) => {
    expect(await refuseChanged(changes)).toMatch(sentence)
  })
})

describe('NRRD data', () => {
  it('reads raw voxels after lines that end with CR LF', async () => {
    expectPhantomAt(await openBytes('scan.nrrd', joinBytes(header({}, '\r\n'), voxels)), lpsPlace)
  })

  it.each(['gzip', 'gz'])('reads the encoding %s', async encoding => {
    expectPhantomAt(await openChanged({ encoding }, gzipSync(voxels)), lpsPlace)
  })

  it('reads big endian', async () => {
    const view = new DataView(new ArrayBuffer(2 * W * H * D))
    phantomValues().forEach((value, i) => view.setInt16(2 * i, value, false))
    expectPhantomAt(await openChanged({ endian: 'big' }, new Uint8Array(view.buffer)), lpsPlace)
  })

  it.each([
    ['float', Float32Array],
    ['double', Float64Array],
    ['int', Int32Array],
    ['signed short int', Int16Array],
    ['int64_t', BigInt64Array],
  ] as const)('reads %s', async (type, Values) => {
    const typed = Values === BigInt64Array ? BigInt64Array.from(phantomValues().map(BigInt)) : undefined
    const numbers = typed ?? (Values as Float32ArrayConstructor).from(phantomValues())
    expectPhantomAt(await openChanged({ type }, new Uint8Array(numbers.buffer)), lpsPlace)
  })

  it.each(['uchar', 'unsigned char', 'uint8'])('reads %s', async type => {
    const value = ([d, h, w]: Triple) => w + 10 * h + 60 * d
    const series = await openChanged({ type }, Uint8Array.from(phantomValues(phantomShape, value)))
    expectPhantomAt(series, lpsPlace, value)
  })

  it('reads a detached header with raw or gzipped data beside it, in any order', async () => {
    const raw = [
      memoryFile('a/scan.nhdr', header({ 'data file': './scan.raw' })),
      memoryFile('a/scan.raw', voxels),
    ]
    expectPhantomAt(await openFiles(raw), lpsPlace)
    expectPhantomAt(await openFiles([...raw].reverse()), lpsPlace)
    const packed = [
      memoryFile('scan.nhdr', header({ 'data file': 'scan.raw.gz', encoding: 'gzip' })),
      memoryFile('scan.raw.gz', gzipSync(voxels)),
    ]
    expectPhantomAt(await openFiles(packed), lpsPlace)
  })

  it('takes the data of its own folder when another folder has a file of that name', async () => {
    const files = ['one', 'two'].flatMap((folder, i) => [
      memoryFile(`${folder}/scan.raw`, int16Bytes(phantomValues().map(value => value + i))),
      memoryFile(`${folder}/scan.nhdr`, header({ 'data file': 'scan.raw' })),
    ])
    expectPhantomAt(await openFiles(files), lpsPlace)
    expectPhantomAt(await openFiles(files.slice(2)), lpsPlace, voxel => phantomHu(voxel) + 1)
  })

  it('skips bytes of the file when raw, of the unpacked data when gzipped, and from the end for −1', async () => {
    const junk = new Uint8Array(7).fill(9)
    const skip = { 'byte skip': '7' }
    expectPhantomAt(await openChanged(skip, joinBytes(junk, voxels)), lpsPlace)
    const packed = gzipSync(joinBytes(junk, voxels))
    expectPhantomAt(await openChanged({ ...skip, encoding: 'gzip' }, packed), lpsPlace)
    expectPhantomAt(await openChanged({ 'byte skip': '-1' }, joinBytes(junk, voxels)), lpsPlace)
  })

  it('does not take a key:=value pair for a field', async () => {
    const bytes = joinBytes(
      new TextEncoder().encode('NRRD0004\n'),
      new TextEncoder().encode('endian: little\n'),
      header().subarray(9, header().length - 1),
      new TextEncoder().encode('type:=double\n\n'),
      voxels,
    )
    expectPhantomAt(await openBytes('scan.nrrd', bytes), lpsPlace)
  })

  it.each([
    ['text encoding', { encoding: 'ascii' }, /encoding “ascii”; raw and gzip are read/],
    ['bzip2', { encoding: 'bzip2' }, /encoding “bzip2”/],
    ['blocks', { type: 'block' }, /values of type “block”/],
    ['no type', { type: '' }, /values of type “not stated”/],
    ['several data files', { 'data file': 'slice%03d.raw 1 3 1' }, /spreads its voxels over several files/],
    ['a missing data file', { 'data file': 'lost.raw' }, /its voxels are in lost\.raw, which is missing/],
    ['skipped lines', { 'line skip': '3' }, /skips lines/],
    ['a byte skip in words', { 'byte skip': 'many' }, /“byte skip: many”/],
    ['a byte skip beyond the end', { 'byte skip': '1e12' }, /is too short/],
    ['a negative byte skip', { 'byte skip': '-20' }, /“byte skip: -20”/],
    [
      'more voxels than the file holds',
      { sizes: `${W} ${H} ${D + 1}` },
      /is too short: its header promises 4 × 5 × 4/,
    ],
  ])('refuses %s', async (_, changes, sentence) => {
    expect(await refuseChanged(changes)).toMatch(sentence)
  })

  it('refuses a header without end and damaged gzip data', async () => {
    const endless = new TextEncoder().encode('NRRD0004\ntype: short\n')
    expect(await refusalOf([memoryFile('scan.nrrd', endless)])).toMatch(/header does not end/)
    const packed = gzipSync(voxels)
    expect(await refuseChanged({ encoding: 'gzip' }, packed.subarray(0, packed.length - 20))).toMatch(
      /cut off or damaged: slice \d of the 3/,
    )
  })
})
