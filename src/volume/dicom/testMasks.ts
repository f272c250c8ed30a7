// DICOM SEG and RTSTRUCT files for tests, over the series of testDicom.ts (3 rows × 4 columns, slices 2 mm apart).
import { joinBytes, memoryFile } from '../testScans.ts'
import type { ScanFile } from '../volume.ts'
import { axial, columns, pixelSpacingMm, rows, upwards, writeDicom, type Elements } from './testDicom.ts'
import { encapsulate } from './testEncode.ts'

export interface SegmentFrame {
  readonly segment: number
  readonly positionLpsMm: readonly number[]
  /** [rows, columns] */
  readonly pixels: readonly number[]
}

export interface SegFields {
  readonly kind?: 'BINARY' | 'FRACTIONAL' | 'LABELMAP'
  /** Of segments 1, 2, …; a label map has a background 0 before them. */
  readonly names: readonly string[]
  readonly frames: readonly SegmentFrame[]
  readonly spacingMm?: readonly [number, number]
  readonly size?: readonly [rows: number, columns: number]
  readonly stepMm?: number
  readonly seriesUid?: string
  /** 16 for label maps with many segments; otherwise as the kind has it. */
  readonly bits?: 8 | 16
  /** The frames as they stand in the file, compressed; their plain pixels then do not. */
  readonly compressed?: { readonly transferSyntax: string; readonly frames: readonly Uint8Array[] }
  readonly changes?: Elements
}

/** Eight pixels a byte, the lowest bit first, frames without a gap between them. */
export function packBits(pixels: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * Math.ceil(pixels.length / 16))
  pixels.forEach((value, i) => (bytes[i >> 3] |= (value ? 1 : 0) << (i & 7)))
  return bytes
}

/** Where the frames lie, and of what segment they are. */
function functionalGroups({ kind, frames, spacingMm = pixelSpacingMm, stepMm }: SegFields): Elements {
  return {
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
                '0018,0088': stepMm === undefined ? undefined : ['DS', String(stepMm)],
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
        '0062,000a': kind === 'LABELMAP' ? undefined : ['SQ', [{ '0062,000b': ['US', segment] }]],
      })),
    ],
  }
}

export function segFile(path: string, fields: SegFields): ScanFile {
  const { kind = 'BINARY', names, frames, size = [rows, columns] } = fields
  const isBinary = kind === 'BINARY'
  const isMap = kind === 'LABELMAP'
  const { bits = isBinary ? 1 : 8, compressed } = fields
  const all = frames.flatMap(({ pixels }) => pixels)
  const plain = bits === 16 ? new Uint8Array(Uint16Array.from(all).buffer) : Uint8Array.from(all)
  const file = writeDicom(
    {
      '0008,0016': ['UI', `1.2.840.10008.5.1.4.1.1.66.${isMap ? 7 : 4}`],
      '0008,0018': ['UI', '1.9'],
      '0008,0060': ['CS', 'SEG'],
      '0008,1115': ['SQ', [{ '0020,000e': ['UI', fields.seriesUid ?? '1.2.3'] }]],
      '0020,000e': ['UI', '1.9.9'],
      '0028,0002': ['US', 1],
      '0028,0004': ['CS', 'MONOCHROME2'],
      '0028,0008': ['IS', String(frames.length)],
      '0028,0010': ['US', size[0]],
      '0028,0011': ['US', size[1]],
      '0028,0100': ['US', bits],
      '0028,0101': ['US', bits],
      '0028,0102': ['US', bits - 1],
      '0028,0103': ['US', 0],
      '0062,0001': ['CS', kind],
      '0062,0002': [
        'SQ',
        (isMap ? ['Background', ...names] : names).map((name, i) => ({
          '0062,0004': ['US', isMap ? i : i + 1],
          '0062,0005': ['LO', name],
        })),
      ],
      '0062,000e': kind === 'FRACTIONAL' ? ['US', 200] : undefined,
      ...functionalGroups(fields),
      '7fe0,0010': compressed ? undefined : ['OB', isBinary ? packBits(all) : plain],
      ...fields.changes,
    },
    compressed?.transferSyntax,
  )
  return memoryFile(path, compressed ? joinBytes(file, encapsulate(compressed.frames)) : file)
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
