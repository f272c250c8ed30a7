// A DICOM writer for tests: explicit VR little endian (PS3.5 section 7.1.2), any element, sequences too.
import { expect } from 'vitest'
import type { Triple } from '../../base/shape.ts'
import { huAtRasMm, joinBytes, memoryFile, seededRandom } from '../testScans.ts'
import type { OpenedSeries, ScanFile } from '../volume.ts'

/** [VR, value]; text for text and number strings, numbers for US, SS and UL, data sets for SQ, bytes for the rest. */
export type Element = readonly [string, string | number | Uint8Array | readonly Elements[]]
/** By tag, 'gggg,eeee'; undefined leaves the element out. */
export type Elements = { readonly [tag: string]: Element | undefined }

const longVrs = new Set(['OB', 'OW', 'SQ', 'UN', 'UT'])

export function writeDicom(elements: Elements, transferSyntax = '1.2.840.10008.1.2.1'): Uint8Array {
  const meta = writeElements({ '0002,0010': ['UI', transferSyntax] })
  const length = writeElements({ '0002,0000': ['UL', meta.length] })
  const preamble = new Uint8Array(132)
  preamble.set(new TextEncoder().encode('DICM'), 128)
  return joinBytes(preamble, length, meta, writeElements(elements))
}

/** The data set alone, without preamble or meta header. */
export function writeElements(elements: Elements): Uint8Array {
  const sorted = Object.entries(elements).sort(([a], [b]) => (a < b ? -1 : 1))
  return joinBytes(
    ...sorted.map(([tag, element]) => (element ? writeElement(tag, element) : new Uint8Array(0))),
  )
}

function writeElement(tag: string, [vr, value]: Element): Uint8Array {
  const body = bytesOf(vr, value)
  const isLong = longVrs.has(vr)
  const head = new DataView(new ArrayBuffer(isLong ? 12 : 8))
  const [group, element] = tag.split(',').map(part => parseInt(part, 16))
  head.setUint16(0, group, true)
  head.setUint16(2, element, true)
  head.setUint8(4, vr.charCodeAt(0))
  head.setUint8(5, vr.charCodeAt(1))
  if (isLong) head.setUint32(8, body.length, true)
  else head.setUint16(6, body.length, true)
  return joinBytes(new Uint8Array(head.buffer), body)
}

function bytesOf(vr: string, value: Element[1]): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') {
    const text = new TextEncoder().encode(value)
    return text.length % 2 ? joinBytes(text, Uint8Array.of(vr === 'UI' ? 0 : 32)) : text
  }
  if (typeof value === 'number')
    return vr === 'UL'
      ? new Uint8Array(Uint32Array.of(value).buffer)
      : new Uint8Array(Uint16Array.of(value).buffer)
  return joinBytes(
    ...value.map(item => {
      const body = writeElements(item)
      const head = new DataView(new ArrayBuffer(8))
      head.setUint16(0, 0xfffe, true)
      head.setUint16(2, 0xe000, true)
      head.setUint32(4, body.length, true)
      return joinBytes(new Uint8Array(head.buffer), body)
    }),
  )
}

export interface SliceFields {
  readonly uid: string
  readonly seriesUid?: string
  readonly positionLpsMm: Triple | readonly number[]
  readonly orientation?: readonly number[]
  /** Stored values, [rows, columns]. */
  readonly stored: readonly number[]
  readonly changes?: Elements
}

export const rows = 3
export const columns = 4
/** Between rows, between columns; different, so that they cannot be taken for each other unseen. */
export const pixelSpacingMm = [0.75, 0.5] as const

/** The elements of one axial CT slice, signed 16 bit, slope 1 and intercept 0. */
export function sliceElements(fields: SliceFields): Elements {
  const { seriesUid = '1.2.3', orientation = axial } = fields
  return {
    '0008,0008': ['CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    '0008,0016': ['UI', '1.2.840.10008.5.1.4.1.1.2'],
    '0008,0018': ['UI', `1.2.3.4.${fields.uid}`],
    '0008,0060': ['CS', 'CT'],
    '0008,103e': ['LO', 'Thorax'],
    '0010,0010': ['PN', 'Secret^Name'],
    '0018,0050': ['DS', '2'],
    '0020,000d': ['UI', '1.2'],
    '0020,000e': ['UI', seriesUid],
    '0020,0032': ['DS', fields.positionLpsMm.join('\\')],
    '0020,0037': ['DS', orientation.join('\\')],
    '0028,0002': ['US', 1],
    '0028,0004': ['CS', 'MONOCHROME2'],
    '0028,0010': ['US', rows],
    '0028,0011': ['US', columns],
    '0028,0030': ['DS', pixelSpacingMm.join('\\')],
    '0028,0100': ['US', 16],
    '0028,0101': ['US', 16],
    '0028,0102': ['US', 15],
    '0028,0103': ['US', 1],
    '0028,1052': ['DS', '0'],
    '0028,1053': ['DS', '1'],
    '7fe0,0010': ['OW', new Uint8Array(Int16Array.from(fields.stored).buffer)],
    ...fields.changes,
  }
}

export function sliceFile(fields: SliceFields): ScanFile {
  return memoryFile(`series/${fields.uid}.dcm`, writeDicom(sliceElements(fields)))
}

/** HU of voxel (k, row, column) of the test series: every voxel has its own. */
export function seriesHu(k: number, row: number, column: number): number {
  return -900 + 100 * k + 10 * row + column
}

export function storedSlice(k: number): number[] {
  return Array.from({ length: rows * columns }, (_, i) => seriesHu(k, Math.floor(i / columns), i % columns))
}

export interface SeriesFields {
  /** Position of slice k, LPS mm; 2 mm apart along z when left out. */
  readonly place?: (k: number) => readonly number[]
  readonly orientation?: readonly number[]
  readonly seriesUid?: string
  readonly changes?: (k: number) => Elements
}

/** A series of `count` slices, one file each, slice k filled with `seriesHu(k, …)`. */
export function makeSeries(count: number, fields: SeriesFields = {}): ScanFile[] {
  const { place = upwards, seriesUid, orientation } = fields
  return Array.from({ length: count }, (_, k) =>
    sliceFile({
      uid: `${seriesUid ?? 's'}.${k}`,
      seriesUid,
      orientation,
      positionLpsMm: place(k),
      stored: storedSlice(k),
      changes: { '0020,0013': ['IS', String(k + 1)], ...fields.changes?.(k) },
    }),
  )
}

export const axial = [1, 0, 0, 0, 1, 0]

/** Every voxel of slices `ks` lies where its file says, with its HU. */
export function expectSlices(
  series: OpenedSeries,
  ks: readonly number[],
  place: (k: number) => readonly number[],
  orientation: readonly number[] = axial,
): void {
  for (const k of ks)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const [x, y, z] = place(k).map(
          (mm, i) =>
            mm + column * pixelSpacingMm[1] * orientation[i] + row * pixelSpacingMm[0] * orientation[3 + i],
        )
        expect(huAtRasMm(series, [-x, -y, z])).toBe(seriesHu(k, row, column))
      }
}

export function shuffle(files: readonly ScanFile[]): ScanFile[] {
  const random = seededRandom(5)
  return files
    .map(file => ({ file, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ file }) => file)
}

/** Slice k of the plain test series, LPS mm. */
export const upwards = (k: number) => [-100, -50, 2 * k]
