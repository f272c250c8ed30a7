// NIfTI-1 and -2 headers by nifti-reader-js: one file, gzipped, or an .hdr/.img pair. The affine is put together here:
// the library lets a qform win over the sform when its code is higher; nifti1.h (and nibabel) take the sform first.
import { readHeader } from 'nifti-reader-js'
import { InputError } from '../base/errors.ts'
import type { Affine, Triple } from '../base/shape.ts'
import type { RasterHeader, VoxelType } from './raster.ts'
import { fileName } from './raster.ts'
import type { KnownFile } from './scanFiles.ts'
import { isGzip, readHead } from './scanFiles.ts'
import type { ScanFile } from './volume.ts'

type NiftiHeader = ReturnType<typeof readHeader>

/** Codes of nifti1.h; colour and complex numbers are missing on purpose. */
const voxelTypes: Readonly<Record<number, VoxelType>> = {
  2: 'uint8',
  4: 'int16',
  8: 'int32',
  16: 'float32',
  64: 'float64',
  256: 'int8',
  512: 'uint16',
  768: 'uint32',
  1024: 'int64',
  1280: 'uint64',
}

const version2Bytes = 540
/** Four bytes after the header say whether extensions follow; the voxels of a single file never begin before. */
const extensionFlagBytes = 4

/** Millimetres in the header's unit of length (metre, millimetre, micrometre). */
const unitMm: Readonly<Record<number, number>> = { 1: 1000, 2: 1, 3: 0.001 }

/**
 * Understands the header of `known`; `others` are searched for the .img of an .hdr.
 * @throws InputError when it is not one 3-D volume of numbers.
 */
export async function readNifti(known: KnownFile, others: readonly ScanFile[]): Promise<RasterHeader> {
  const { file, head } = known
  const name = fileName(file)
  const isVersion2 = /^n[+i]2/.test(ascii(head, 4, 7))
  // Exactly the header: given more, the library also parses extensions, which may be cut off here.
  const bytes = head.slice(0, isVersion2 ? version2Bytes : 348)
  const header = parse(bytes, name)
  const littleEndian = header.littleEndian
  const voxelType = voxelTypes[header.datatypeCode]
  if (!voxelType)
    throw new InputError(
      `${name} holds colour or complex values (NIfTI datatype ${header.datatypeCode}); one number in HU per voxel is expected. Convert the original CT again.`,
    )
  const shape = readShape(header, name)
  const isPair = ascii(bytes, isVersion2 ? 4 : 344, isVersion2 ? 6 : 346) === 'ni'
  const data = isPair ? findImage(file, others) : file
  const dataHead = isPair ? await readHead(data) : undefined
  const isPacked = isGzip(dataHead ?? (await readHead(file)))
  const { affine, warnings } = readAffine(header, bytes)
  const scaled = Number.isFinite(header.scl_slope) && header.scl_slope !== 0
  const hasWindow = header.cal_max > header.cal_min
  return {
    file,
    format: 'nifti',
    modality: 'unknown',
    shape,
    affine,
    voxelType,
    littleEndian,
    slope: scaled ? header.scl_slope : 1,
    intercept: scaled && Number.isFinite(header.scl_inter) ? header.scl_inter : 0,
    windows: hasWindow
      ? [
          {
            name: 'File',
            widthHu: header.cal_max - header.cal_min,
            levelHu: (header.cal_max + header.cal_min) / 2,
          },
        ]
      : [],
    warnings,
    data,
    compression: isPacked ? 'gzip' : 'none',
    fileSkipBytes: 0,
    streamSkipBytes: Math.max(
      isPair ? 0 : bytes.length + extensionFlagBytes,
      Math.floor(header.vox_offset) || 0,
    ),
  }
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end))
}

function parse(bytes: Uint8Array, name: string): NiftiHeader {
  let header: NiftiHeader | null = null
  let details: string | undefined
  try {
    header = readHeader(bytes.slice().buffer, true)
  } catch (error) {
    details = String(error)
  }
  if (header) return header
  throw new InputError(
    `${name} looks like NIfTI but its header is damaged or cut off. Copy or convert the scan again.`,
    details,
  )
}

function readShape(header: NiftiHeader, name: string): Triple {
  const [count, ...sizes] = header.dims.map(Number)
  const further = sizes.slice(3, Math.max(3, count)).filter(size => size > 1)
  if (further.length > 0)
    throw new InputError(
      `${name} holds ${count}-dimensional data (${sizes.slice(0, count).join(' × ')}), several volumes in one file; a single 3-D CT volume is expected. Split it and open one volume.`,
    )
  if (count < 3 || count > 7)
    throw new InputError(
      `${name} holds ${count === 2 ? 'a single 2-D image' : `data of ${count} dimensions`}; a 3-D CT volume is expected. Convert the whole series.`,
    )
  return [sizes[2], sizes[1], sizes[0]]
}

function findImage(header: ScanFile, others: readonly ScanFile[]): ScanFile {
  const stem = (path: string) => path.replace(/\.(hdr|img)(\.gz)?$/i, '')
  const image = others.find(
    other => /\.img(\.gz)?$/i.test(other.path) && stem(other.path) === stem(header.path),
  )
  if (image) return image
  throw new InputError(
    `${fileName(header)} is the header of a NIfTI pair; its .img file with the voxels is missing. Open both files together.`,
  )
}

function readAffine(header: NiftiHeader, bytes: Uint8Array): { affine: Affine; warnings: string[] } {
  const mm = unitMm[header.xyzt_units & 7] ?? 1
  const scale = (rows: readonly number[]) => [...rows.map(value => value * mm + 0), 0, 0, 0, 1]
  const quaternion = header.qform_code > 0 ? quaternionRows(header) : undefined
  if (header.sform_code > 0) {
    const stored = storedRows(bytes, header.littleEndian)
    const warnings = quaternion && disagree(stored, quaternion, header) ? [disagreement] : []
    return { affine: scale(stored), warnings }
  }
  if (quaternion) return { affine: scale(quaternion), warnings: [] }
  const [w, h, d] = header.pixDims.slice(1, 4).map(value => Math.abs(Number(value)))
  return { affine: scale([w, 0, 0, 0, 0, h, 0, 0, 0, 0, d, 0]), warnings: [noOrientation] }
}

const noOrientation =
  'The file does not say how it is oriented (no qform, no sform): left–right, front–back and up–down may be wrong. RAS order was assumed.'
const disagreement = 'The file states two orientations (sform and qform) that disagree; the sform was used.'

/** srow_x, srow_y, srow_z as written. */
function storedRows(bytes: Uint8Array, littleEndian: boolean): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isVersion2 = bytes.length === version2Bytes
  return Array.from({ length: 12 }, (_, i) =>
    isVersion2 ? view.getFloat64(400 + 8 * i, littleEndian) : view.getFloat32(280 + 4 * i, littleEndian),
  )
}

/** Method 2 of nifti1.h. */
function quaternionRows(header: NiftiHeader): number[] {
  const stored = [header.quatern_b, header.quatern_c, header.quatern_d]
  const length = Math.max(1, Math.hypot(...stored)) // rounding can make it longer than a unit quaternion
  const [b, c, d] = stored.map(value => value / length)
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d))
  const [qfac, x, y, z] = header.pixDims.map(Number)
  const k = qfac < 0 ? -z : z
  return [
    (a * a + b * b - c * c - d * d) * x,
    2 * (b * c - a * d) * y,
    2 * (b * d + a * c) * k,
    header.qoffset_x,
    2 * (b * c + a * d) * x,
    (a * a + c * c - b * b - d * d) * y,
    2 * (c * d - a * b) * k,
    header.qoffset_y,
    2 * (b * d - a * c) * x,
    2 * (c * d + a * b) * y,
    (a * a + d * d - b * b - c * c) * k,
    header.qoffset_z,
  ]
}

/** True when a corner of the volume lies more than half a voxel apart. */
function disagree(a: readonly number[], b: readonly number[], header: NiftiHeader): boolean {
  const [, W, H, D] = header.dims.map(Number)
  const tolerance = 0.5 * Math.min(...header.pixDims.slice(1, 4).map(value => Math.abs(Number(value))))
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map(i => [(i & 1) * W, ((i >> 1) & 1) * H, (i >> 2) * D, 1])
  return corners.some(corner =>
    [0, 1, 2].some(row => {
      const difference = corner.reduce((sum, value, i) => sum + value * (a[4 * row + i] - b[4 * row + i]), 0)
      return Math.abs(difference) > tolerance
    }),
  )
}
