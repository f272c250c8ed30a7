// Zip archives: read as APPNOTE 6.3.9 lays them out, judged before anything is unpacked.
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { makeSeries } from './dicom/testDicom.ts'
import { listSeries, openSeries } from './readScan.ts'
import { lpsForm, lpsPlace, makeNifti } from './testNifti.ts'
import {
  expectPhantomAt,
  huAtRasMm,
  joinBytes,
  memoryFile,
  openBytes,
  openFiles,
  phantomHu,
  phantomValues,
  refusalOf,
} from './testScans.ts'
import { openZip } from './zip.ts'

const scan = makeNifti({ sform: lpsForm })
const other = makeNifti({ sform: lpsForm, values: phantomValues().map(value => value + 1) })
const refusal = (bytes: Uint8Array) => refusalOf([memoryFile('scan.zip', bytes)])

/** Where the central directory's entry `n` begins. */
function directoryAt(bytes: Uint8Array, n = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  let at = view.getUint32(bytes.length - 22 + 16, true)
  for (let i = 0; i < n; i++) at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true)
  return at
}

/** A zip with one number of its first directory entry changed. */
function patched(bytes: Uint8Array, change: (view: DataView, entryAt: number) => void): Uint8Array {
  const copy = bytes.slice()
  change(new DataView(copy.buffer), directoryAt(copy))
  return copy
}

describe('zip archives', () => {
  it.each([
    ['stored', 0],
    ['deflated', 6],
  ] as const)('open a scan that is %s in them', async (_, level) => {
    expectPhantomAt(await openBytes('scan.zip', zipSync({ 'a/b/scan.nii': scan }, { level })), lpsPlace)
  })

  it('open a DICOM series in folders, the litter of file systems left out', async () => {
    const entries: Record<string, Uint8Array> = {
      '__MACOSX/._0.dcm': new Uint8Array(200).fill(1),
      'series/.DS_Store': new Uint8Array(10),
      DICOMDIR: new Uint8Array(500),
    }
    for (const [k, file] of makeSeries(4).entries()) entries[`series/${k}.dcm`] = await file.bytes()
    const listing = await listSeries([memoryFile('scan.zip', zipSync(entries))])
    expect(listing.notes).toEqual([])
    const series = await openSeries(listing, '1.2.3')
    expect(series.fileGrid.shape[0]).toBe(4)
    // Again after the archive was let go.
    expect((await openSeries(listing, '1.2.3')).volume.hu).toEqual(series.volume.hu)
  })

  it('with the same names in them keep their files apart', async () => {
    const zips = [scan, other].map((bytes, i) => memoryFile(`${i}.zip`, zipSync({ 'scan.nii': bytes })))
    const listing = await listSeries(zips)
    expect(new Set(listing.series.map(({ id }) => id)).size).toBe(2)
    const [first, second] = await Promise.all(listing.series.map(({ id }) => openSeries(listing, id)))
    expectPhantomAt(first, lpsPlace)
    expectPhantomAt(second, lpsPlace, voxel => phantomHu(voxel) + 1)
  })

  it('with names that climb out of their folder write nothing and open', async () => {
    const names = ['../../etc/scan.nii', '/etc/scan.nii', 'C:\\Windows\\scan.nii']
    for (const name of names) {
      const series = await openBytes('scan.zip', zipSync({ [name]: scan }))
      expect(series.description).toBe('scan.nii')
      expectPhantomAt(series, lpsPlace)
    }
  })

  it('of the zip64 form are read', async () => {
    // Sizes and place in the extra field (4.5.3), the directory's place in the zip64 end record (4.3.14, 4.3.15).
    const plain = zipSync({ 'scan.nii': scan }, { level: 0 })
    const at = directoryAt(plain)
    const directory = plain.slice(at, plain.length - 22)
    const view = new DataView(directory.buffer)
    ;[20, 24, 42].forEach(offset => view.setUint32(offset, 0xffffffff, true))
    view.setUint16(30, 28, true)
    const extra = new DataView(new ArrayBuffer(28))
    extra.setUint16(0, 1, true)
    extra.setUint16(2, 24, true)
    extra.setBigUint64(4, BigInt(scan.length), true)
    extra.setBigUint64(12, BigInt(scan.length), true)
    const end64 = new DataView(new ArrayBuffer(56 + 20))
    end64.setUint32(0, 0x06064b50, true)
    end64.setBigUint64(32, 1n, true)
    end64.setBigUint64(48, BigInt(at), true)
    end64.setUint32(56, 0x07064b50, true)
    end64.setBigUint64(56 + 8, BigInt(at + directory.length + 28), true)
    const end = plain.slice(plain.length - 22)
    new DataView(end.buffer).setUint32(16, 0xffffffff, true)
    const parts = [
      plain.slice(0, at),
      directory,
      new Uint8Array(extra.buffer),
      new Uint8Array(end64.buffer),
      end,
    ]
    expectPhantomAt(await openBytes('scan.zip', joinBytes(...parts)), lpsPlace)
  })

  it('followed by a comment are read', async () => {
    const bytes = joinBytes(zipSync({ 'scan.nii': scan }), new Uint8Array(300).fill(0x50))
    expectPhantomAt(await openBytes('scan.zip', bytes), lpsPlace)
  })
})

describe('zip archives that are refused', () => {
  const zip = zipSync({ 'scan.nii': scan }, { level: 6 })

  it('promise more than a scan can be', async () => {
    const swollen = patched(zip, (view, at) => view.setUint32(at + 24, 300 * 2 ** 20, true))
    expect(await refusal(swollen)).toMatch(/holds 1 KB but would unpack to 315 MB.*was not unpacked/)
    const lie = patched(zip, (view, at) => view.setUint32(at + 24, 0xfffffff0, true))
    expect(await refusal(lie)).toMatch(/would unpack to 4\.3 GB/)
  })

  it('hold many overlapping files of one and the same data', async () => {
    // Fifield's bomb: every entry points at the same packed bytes.
    const bytes = zipSync({ 'zeros.nii': new Uint8Array(2 * 2 ** 20) })
    const at = directoryAt(bytes)
    const entry = bytes.slice(at, bytes.length - 22)
    const end = bytes.slice(bytes.length - 22)
    const view = new DataView(end.buffer)
    view.setUint16(10, 500, true)
    view.setUint32(12, 500 * entry.length, true)
    const bomb = joinBytes(bytes.slice(0, at), ...Array.from({ length: 500 }, () => entry), end)
    expect(await refusal(bomb)).toMatch(/would unpack to 1\.0 GB, which no CT scan does/)
  })

  it('hold a zip, which is to be unpacked first, said also when there is nothing else', async () => {
    const nested = zipSync({ 'inner.zip': zip })
    expect(await refusal(nested)).toMatch(/inner\.zip is a zip within a zip.*unpack it first/)
    const listing = await listSeries([
      memoryFile('scan.zip', zipSync({ 'inner.zip': zip, 'scan.nii': scan })),
    ])
    expect(listing.notes).toEqual([expect.stringMatching(/inner\.zip is a zip within a zip/)])
  })

  it('need a password or an unknown method', async () => {
    const locked = patched(zip, (view, at) => view.setUint16(at + 8, 1, true))
    expect(await refusal(locked)).toMatch(/protected by a password.*Unpack it and open the folder/)
    const exotic = patched(zip, (view, at) => view.setUint16(at + 10, 14, true))
    expect(await refusal(exotic)).toMatch(/packed by zip method 14; only stored and deflated/)
  })

  it('are cut off, wherever', async () => {
    for (let length = 4; length < zip.length; length += 5)
      expect(await refusal(zip.subarray(0, length))).toMatch(/is not a complete zip archive/)
  })

  it('are empty', async () => {
    expect(await refusal(zipSync({}))).toMatch(/There is no scan in scan\.zip.*DICOM CT series, NIfTI/)
    expect(await refusal(zipSync({ 'folder/': new Uint8Array(0) }))).toMatch(/There is no scan in scan\.zip/)
  })

  it('are damaged inside', async () => {
    const gone = patched(zip, (view, at) => view.setUint32(at + 42, 5, true))
    expect(await refusal(gone)).toMatch(/not a complete zip archive \(a file in it is missing\)/)
    const short = patched(zip, (view, at) => view.setUint32(at + 24, scan.length + 400, true))
    expect(await refusal(short)).toMatch(/cut off/)
  })
})

describe('openZip', () => {
  it('unpacks only the beginning of a file when only that is asked for', async () => {
    const bytes = zipSync({ 'scan.nii': scan })
    const archive = await openZip(memoryFile('scan.zip', bytes))
    expect(archive.files.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
      ['scan.zip/scan.nii', scan.length],
    ])
    expect(await archive.files[0].head!(16)).toEqual(scan.slice(0, 16))
    expect((await archive.files[0].head!(1e9)).length).toBe(scan.length)
  })

  it('reads the archive again after it was released', async () => {
    let reads = 0
    const bytes = zipSync({ 'scan.nii': scan })
    const file = {
      path: 'scan.zip',
      sizeBytes: bytes.length,
      bytes: () => {
        reads++
        return Promise.resolve(bytes)
      },
    }
    const archive = await openZip(file)
    await archive.files[0].bytes()
    expect(reads).toBe(1)
    archive.release()
    await archive.files[0].bytes()
    expect(reads).toBe(2)
  })

  it('finds the scan by its value, not only by its size', async () => {
    const series = await openFiles([memoryFile('a.zip', zipSync({ 'scan.nii': other }))])
    expect(huAtRasMm(series, lpsPlace([0, 0, 0]))).toBe(phantomHu([0, 0, 0]) + 1)
  })
})
