// The front door: whatever is dropped becomes a list, a scan or a sentence.
import { gzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { CancelledError } from '../base/errors.ts'
import { makeSeries } from './dicom/testDicom.ts'
import { listSeries, openSeries } from './readScan.ts'
import { lpsForm, lpsPlace, makeNifti } from './testNifti.ts'
import { expectPhantomAt, memoryFile, openBytes, phantomHu, phantomValues, refusalOf } from './testScans.ts'

const scan = makeNifti({ sform: lpsForm })
const text = new TextEncoder().encode('These are notes, not a scan.\n'.repeat(20))
const refusal = (name: string, bytes: Uint8Array) => refusalOf([memoryFile(name, bytes)])

describe('what is no scan', () => {
  it('is said in a sentence with what came, what is expected and what to do', async () => {
    const expected = /; a DICOM CT series, NIfTI .* NRRD or MetaImage .* is expected\. Choose [^.]+\.$/
    const cases: [Promise<string>, RegExp][] = [
      [refusalOf([]), /^There are no files here/],
      [refusal('notes.txt', text), /^notes\.txt is a text file, not a scan/],
      [refusal('empty.nii', new Uint8Array(0)), /^empty\.nii is empty/],
      [
        refusal('photo.jpg', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46)),
        /^photo\.jpg is not a scan that can be read/,
      ],
      [refusal('x.nii', text), /^x\.nii is not a NIfTI file/],
      [
        refusalOf([memoryFile('.DS_Store', text), memoryFile('a/Thumbs.db', text)]),
        /^There is no scan in these 2/,
      ],
      [
        refusalOf(['a', 'b', 'c', 'd'].map(name => memoryFile(`${name}.txt`, text))),
        /^None of these 4 files is a scan \(a\.txt, b\.txt, c\.txt …\)/,
      ],
    ]
    for (const [message, sentence] of cases) {
      expect(await message).toMatch(sentence)
      expect(await message).toMatch(expected)
    }
  })

  it('beside a scan is left out and mentioned', async () => {
    const listing = await listSeries([memoryFile('notes.txt', text), memoryFile('scan.nii', scan)])
    expect(listing.series.map(({ id }) => id)).toEqual(['scan.nii'])
    expect(listing.notes).toEqual(['One file was not recognised and left out (notes.txt).'])
  })

  it('packed by gzip is sent back, except NIfTI', async () => {
    const nrrd = new TextEncoder().encode('NRRD0004\ntype: short\n\n')
    expect(await refusal('scan.nrrd.gz', gzipSync(nrrd))).toMatch(
      /packed by gzip, which is only read for NIfTI/,
    )
    expect(await refusal('a.dcm.gz', gzipSync(await makeSeries(1)[0].bytes()))).toMatch(/packed by gzip/)
    expect(await refusal('notes.txt.gz', gzipSync(text))).toMatch(/is a text file, not a scan/)
  })

  it('looks like a DICOM tag at its beginning and is still taken for what it is', async () => {
    // int16 voxels 8, 5, 0, 0 …: the bytes of tag (0008,0005).
    const voxels = new Uint8Array(Int16Array.from({ length: 60 * 8 }, (_, i) => [8, 5][i] ?? 0).buffer)
    const mhd = new TextEncoder().encode(
      'ObjectType = Image\nNDims = 3\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nElementSpacing = 1 1 1\nDimSize = 10 6 8\nElementType = MET_SHORT\nElementDataFile = scan.raw\n',
    )
    const listing = await listSeries([memoryFile('scan.raw', voxels), memoryFile('scan.mhd', mhd)])
    expect(listing.notes).toEqual([])
    expect((await openSeries(listing, 'scan.mhd')).hu.max).toBe(8)
  })
})

describe('what promises more than it holds', () => {
  it('is refused before memory is taken', async () => {
    const dims = [3, 30000, 30000, 30000, 1, 1, 1, 1]
    // 2 × 30000³ bytes = 50291.4 GiB.
    expect(await refusal('scan.nii', makeNifti({ sform: lpsForm, dims }))).toMatch(
      /30000 × 30000 × 30000 voxels, 50291\.4 GB as HU; at most 2 GB/,
    )
    const thousand = [3, 1000, 1000, 1000, 1, 1, 1, 1]
    const bytes = makeNifti({ sform: lpsForm, dims: thousand })
    const allocate = () => {
      throw new Error('memory was taken')
    }
    for (const [name, file] of [
      ['scan.nii', bytes],
      ['scan.nii.gz', gzipSync(bytes)],
    ] as const) {
      const listing = await listSeries([memoryFile(name, file)])
      await expect(openSeries(listing, name, { allocate })).rejects.toThrow(
        /is too short: its header promises 1000 × 1000 × 1000 voxels \(2000000000 bytes\)/,
      )
    }
  })

  it.each([1e11, Infinity, 3e9])('with voxels that begin after %f bytes is refused', async voxOffset => {
    const bytes = makeNifti({ sform: lpsForm, voxOffset })
    expect(await refusal('scan.nii', bytes)).toMatch(/is too short/)
    expect(await refusal('scan.nii.gz', gzipSync(bytes))).toMatch(
      /voxels begin after \S+ bytes, which no scan does/,
    )
  })

  it('is refused where it is cut off, at every kind of place', async () => {
    const packed = gzipSync(scan)
    for (let length = 1; length < scan.length; length += 3)
      expect(await refusal('scan.nii', scan.subarray(0, length))).toMatch(
        /not a NIfTI file|too short|damaged or cut off|text file/,
      )
    // The last eight bytes of gzip are checksum and size, before them stands the mark that ends the block: with only
    // these missing, every voxel is there.
    for (let length = 1; length < packed.length - 11; length++)
      expect(await refusal('scan.nii.gz', packed.subarray(0, length))).toMatch(
        /not a NIfTI file|cut off or damaged|damaged or cut off/,
      )
  })

  it.each([
    ['negative', [3, 4, -5, 3]],
    ['zero', [3, 4, 0, 3]],
  ])('has sizes that are %s', async (_, dims) => {
    expect(await refusal('scan.nii', makeNifti({ sform: lpsForm, dims }))).toMatch(
      /a CT volume has at least one along each axis/,
    )
  })

  it('is refused in a sentence where the machine does not give the memory', async () => {
    const listing = await listSeries([memoryFile('scan.nii', scan)])
    const allocate = () => {
      throw new RangeError('Array buffer allocation failed')
    }
    await expect(openSeries(listing, 'scan.nii', { allocate })).rejects.toThrow(
      /needs 1 MB of memory in one piece/,
    )
  })
})

describe('opening', () => {
  it('tells how far it is, from 0 to 1', async () => {
    const parts: number[] = []
    const listing = await listSeries(makeSeries(5), { onProgress: part => parts.push(part) })
    expect(parts.at(-1)).toBe(1)
    expect([...parts].sort((a, b) => a - b)).toEqual(parts)
    parts.length = 0
    await openSeries(listing, '1.2.3', { onProgress: part => parts.push(part) })
    expect(parts).toEqual([0.2, 0.4, 0.6, 0.8, 1])
  })

  it('stops when it is cancelled', async () => {
    const signal = AbortSignal.abort()
    await expect(listSeries([memoryFile('scan.nii', scan)], { signal })).rejects.toThrow(CancelledError)
    for (const files of [[memoryFile('scan.nii', scan)], makeSeries(3)]) {
      const listing = await listSeries(files)
      await expect(openSeries(listing, listing.series[0].id, { signal })).rejects.toThrow(CancelledError)
    }
  })

  it('lays the voxels into the memory that it is given', async () => {
    const shared = new SharedArrayBuffer(120)
    const listing = await listSeries([memoryFile('scan.nii', scan)])
    const series = await openSeries(listing, 'scan.nii', { allocate: () => shared })
    expect(series.volume.hu.buffer).toBe(shared)
  })

  it('keeps files apart that came with the same path', async () => {
    const other = makeNifti({ sform: lpsForm, values: phantomValues().map(value => value + 1) })
    const listing = await listSeries([memoryFile('scan.nii', scan), memoryFile('scan.nii', other)])
    expect(listing.series.map(({ id }) => id)).toEqual(['scan.nii', 'scan.nii#2'])
    expectPhantomAt(await openSeries(listing, 'scan.nii#2'), lpsPlace, voxel => phantomHu(voxel) + 1)
  })

  it('recognises a scan by its content, whatever its name', async () => {
    expectPhantomAt(await openBytes('notes.txt', scan), lpsPlace)
    expectPhantomAt(await openBytes('scan', gzipSync(scan)), lpsPlace)
  })
})
