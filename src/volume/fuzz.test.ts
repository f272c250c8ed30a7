// Damaged at random, with fixed seeds: whatever comes, it is a usable series or an InputError's sentence, never another
// exception and never a hang.
import { gzipSync, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { InputError } from '../base/errors.ts'
import { voxelCount } from '../base/shape.ts'
import { makeSeries, sliceElements, storedSlice, writeDicom } from './dicom/testDicom.ts'
import { spansSpace } from './geometry.ts'
import { listSeries, openSeries } from './readScan.ts'
import { lpsForm, makeNifti } from './testNifti.ts'
import {
  isMissing,
  joinBytes,
  memoryFile,
  phantomValues,
  int16Bytes,
  realFiles,
  seededRandom,
} from './testScans.ts'
import type { ScanFile } from './volume.ts'

const voxels = int16Bytes(phantomValues())
const nrrd = new TextEncoder().encode(
  'NRRD0004\ntype: short\nsizes: 4 5 3\nendian: little\nencoding: raw\nspace: LPS\nspace directions: (0.5,0,0) (0,2,0) (0,0,4)\nspace origin: (0,0,0)\n\n',
)
const metaImage = new TextEncoder().encode(
  'ObjectType = Image\nNDims = 3\nCompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 0.5 2 4\nDimSize = 4 5 3\nElementType = MET_SHORT\nElementDataFile = LOCAL\n',
)
const slice = sliceElements({ uid: '1', positionLpsMm: [0, 0, 0], stored: storedSlice(0) })

const good: readonly (readonly [string, Uint8Array])[] = [
  ['scan.nii', makeNifti({ sform: lpsForm })],
  ['second.nii', makeNifti({ version: 2, qform: [0, 0, 1, 1, 2, 3], littleEndian: false })],
  ['scan.nii.gz', gzipSync(makeNifti({ sform: lpsForm }))],
  ['scan.nrrd', joinBytes(nrrd, voxels)],
  ['scan.mha', joinBytes(metaImage, voxels)],
  ['slice.dcm', writeDicom(slice)],
  ['rle.dcm', writeDicom(slice, '1.2.840.10008.1.2.5')],
  ['scan.zip', zipSync({ 'scan.nii': makeNifti({ sform: lpsForm }), 'slice.dcm': writeDicom(slice) })],
]

/** Opens every series in turn; true when at least one could be opened. */
async function tryAll(files: readonly ScanFile[]): Promise<boolean> {
  let opened = false
  try {
    const listing = await listSeries(files)
    for (const { id } of listing.series)
      try {
        const { volume, hu } = await openSeries(listing, id)
        expect(volume.hu.length).toBe(voxelCount(volume.shape))
        expect(spansSpace(volume.affine)).toBe(true)
        expect(hu.min).toBeGreaterThanOrEqual(-1024)
        expect(Number.isFinite(hu.mean)).toBe(true)
        opened = true
      } catch (error) {
        expectSentence(error)
      }
  } catch (error) {
    expectSentence(error)
  }
  return opened
}

function expectSentence(error: unknown): void {
  if (!(error instanceof InputError)) throw error
  expect(error.message).toMatch(/^[^]{10,}\. [A-Z][^]*\.$/)
  expect(error.message).not.toMatch(/\bundefined\b|\[object/)
}

function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice()
  const hits = 1 + Math.floor(random() * 4)
  // Headers are where damage matters: half of the hits fall into the first 400 bytes.
  const reach = () => (random() < 0.5 ? Math.min(400, copy.length) : copy.length)
  const extremes = [0, 1, 0x7f, 0x80, 0xff]
  for (let hit = 0; hit < hits; hit++) {
    const at = Math.floor(random() * reach())
    const value = random() < 0.5 ? extremes[Math.floor(random() * 5)] : Math.floor(random() * 256)
    copy.fill(value, at, at + (random() < 0.3 ? 4 : 1))
  }
  return random() < 0.2 ? copy.subarray(0, Math.floor(random() * copy.length)) : copy
}

describe('damaged files', () => {
  it.each(good)('%s, whole, opens: the damage below is what refuses it', async (name, bytes) => {
    // Plain pixels under the name of RLE are damaged already.
    expect(await tryAll([memoryFile(name, bytes)])).toBe(name !== 'rle.dcm')
  })

  it.each(good)('%s, hit at random 150 times, is a series or a sentence', async (name, bytes) => {
    const random = seededRandom(name.length * 1000 + bytes.length)
    let opened = 0
    for (let i = 0; i < 150; i++) opened += Number(await tryAll([memoryFile(name, damage(bytes, random))]))
    // Neither refused whatever it is, nor opened whatever it is.
    if (name !== 'rle.dcm') expect(opened).toBeGreaterThan(0)
    expect(opened).toBeLessThan(150)
  })

  it('slices of one series, each hit on its own, are series or sentences', async () => {
    const random = seededRandom(77)
    const files = await Promise.all(makeSeries(6).map(file => file.bytes()))
    for (let i = 0; i < 60; i++)
      await tryAll(
        files.map((bytes, k) => memoryFile(`${k}.dcm`, random() < 0.5 ? damage(bytes, random) : bytes)),
      )
  })

  it('random bytes after every format’s first bytes are sentences', async () => {
    const random = seededRandom(4242)
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 2000) }, () =>
        Math.floor(random() * 256),
      )
      const [, begin] = good[i % good.length]
      // DICM stands at 128, NIfTI's magic at 344: some keep that much.
      bytes.set(begin.subarray(0, Math.min(bytes.length, [4, 140, 348, 600][i % 4])))
      await tryAll([memoryFile(`random${i}`, bytes)])
    }
  })
})

const variants = 'dicom-variants'

describe.skipIf(isMissing(variants))(`damaged compressed slices (../shared/data/${variants})`, () => {
  it('are a series or a sentence, whatever their decoder makes of them', async () => {
    const random = seededRandom(9)
    const compressed = (await realFiles(variants)).filter(({ path }) => /JPEG|RLE|Deflated/.test(path))
    expect(compressed.length).toBeGreaterThan(10)
    for (const file of compressed) {
      const bytes = await file.bytes()
      for (let i = 0; i < 2; i++) await tryAll([memoryFile(file.path, damage(bytes, random))])
    }
  })
})
