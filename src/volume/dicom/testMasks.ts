// DICOM SEG and RTSTRUCT files for tests, over the series of testDicom.ts (3 rows × 4 columns, slices 2 mm apart).
import { memoryFile } from '../testScans.ts'
import type { ScanFile } from '../volume.ts'
import { axial, columns, pixelSpacingMm, rows, upwards, writeDicom, type Elements } from './testDicom.ts'

export interface SegmentFrame {
  readonly segment: number
  readonly positionLpsMm: readonly number[]
  /** [rows, columns] */
  readonly pixels: readonly number[]
}

export interface SegFields {
  readonly kind?: 'BINARY' | 'FRACTIONAL'
  readonly names: readonly string[]
  readonly frames: readonly SegmentFrame[]
  readonly spacingMm?: readonly [number, number]
  readonly size?: readonly [rows: number, columns: number]
  readonly stepMm?: number
  readonly seriesUid?: string
  readonly changes?: Elements
}

/** Eight pixels a byte, the lowest bit first, frames without a gap between them. */
export function packBits(pixels: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * Math.ceil(pixels.length / 16))
  pixels.forEach((value, i) => (bytes[i >> 3] |= (value ? 1 : 0) << (i & 7)))
  return bytes
}

export function segFile(path: string, fields: SegFields): ScanFile {
  const { kind = 'BINARY', names, frames, spacingMm = pixelSpacingMm, size = [rows, columns] } = fields
  const all = frames.flatMap(({ pixels }) => pixels)
  const isBinary = kind === 'BINARY'
  return memoryFile(
    path,
    writeDicom({
      '0008,0016': ['UI', '1.2.840.10008.5.1.4.1.1.66.4'],
      '0008,0018': ['UI', '1.9'],
      '0008,0060': ['CS', 'SEG'],
      '0008,1115': ['SQ', [{ '0020,000e': ['UI', fields.seriesUid ?? '1.2.3'] }]],
      '0020,000e': ['UI', '1.9.9'],
      '0028,0002': ['US', 1],
      '0028,0004': ['CS', 'MONOCHROME2'],
      '0028,0008': ['IS', String(frames.length)],
      '0028,0010': ['US', size[0]],
      '0028,0011': ['US', size[1]],
      '0028,0100': ['US', isBinary ? 1 : 8],
      '0028,0101': ['US', isBinary ? 1 : 8],
      '0028,0102': ['US', isBinary ? 0 : 7],
      '0028,0103': ['US', 0],
      '0062,0001': ['CS', kind],
      '0062,0002': [
        'SQ',
        names.map((name, i) => ({ '0062,0004': ['US', i + 1], '0062,0005': ['LO', name] })),
      ],
      '0062,000e': isBinary ? undefined : ['US', 200],
      '5200,9229': [
        'SQ',
        [
          {
            '0020,9116': ['SQ', [{ '0020,0037': ['DS', axial.join('\\')] }]],
            '0028,9110': [
              'SQ',
              [
                {
                  '0018,0050': ['DS', '2'],
                  '0018,0088': fields.stepMm === undefined ? undefined : ['DS', String(fields.stepMm)],
                  '0028,0030': ['DS', spacingMm.join('\\')],
                },
              ],
            ],
          },
        ],
      ],
      '5200,9230': [
        'SQ',
        frames.map(({ segment, positionLpsMm }) => ({
          '0020,9113': ['SQ', [{ '0020,0032': ['DS', positionLpsMm.join('\\')] }]],
          '0062,000a': ['SQ', [{ '0062,000b': ['US', segment] }]],
        })),
      ],
      '7fe0,0010': isBinary ? ['OB', packBits(all)] : ['OB', Uint8Array.from(all)],
      ...fields.changes,
    }),
  )
}

/** LPS mm of a place in slice k of the series, in pixels. */
export function placeInSlice(k: number, row: number, column: number): number[] {
  const [x, y, z] = upwards(k)
  return [x + column * pixelSpacingMm[1], y + row * pixelSpacingMm[0], z]
}

export interface ContourFields {
  readonly name: string
  readonly outlines: readonly { readonly kind?: string; readonly points: readonly (readonly number[])[] }[]
}

export function contourFile(
  path: string,
  structures: readonly ContourFields[],
  seriesUid = '1.2.3',
): ScanFile {
  return memoryFile(
    path,
    writeDicom({
      '0008,0016': ['UI', '1.2.840.10008.5.1.4.1.1.481.3'],
      '0008,0018': ['UI', '1.8'],
      '0008,0060': ['CS', 'RTSTRUCT'],
      '0020,000e': ['UI', '1.8.8'],
      '3006,0010': [
        'SQ',
        [
          {
            '0020,0052': ['UI', '1.5'],
            '3006,0012': ['SQ', [{ '3006,0014': ['SQ', [{ '0020,000e': ['UI', seriesUid] }]] }]],
          },
        ],
      ],
      '3006,0020': [
        'SQ',
        structures.map(({ name }, i) => ({ '3006,0022': ['IS', String(i + 1)], '3006,0026': ['LO', name] })),
      ],
      '3006,0039': [
        'SQ',
        structures.map(({ outlines }, i) => ({
          '3006,0040': [
            'SQ',
            outlines.map(({ kind = 'CLOSED_PLANAR', points }) => ({
              '3006,0042': ['CS', kind],
              '3006,0050': ['DS', points.flat().join('\\')],
            })),
          ],
          '3006,0084': ['IS', String(i + 1)],
        })),
      ],
    }),
  )
}
