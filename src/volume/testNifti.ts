// A NIfTI writer for tests, apart from writeNifti.ts: every field that a reader must honour can be set, and both byte
// orders and versions are written. Offsets: nifti1.h and nifti2.h (NIfTI data format working group).
import type { Triple } from '../base/shape.ts'
import type { PointMm } from './geometry.ts'
import { phantomShape, phantomValues } from './testScans.ts'

/** Rows of an sform that runs left, posterior, superior, with steps 0.5 × 2 × 4 mm. */
export const lpsForm = [-0.5, 0, 0, 10, 0, -2, 0, 20, 0, 0, 4, -30]
export const lpsPlace = ([d, h, w]: Triple): PointMm => [10 - 0.5 * w, 20 - 2 * h, -30 + 4 * d]

/** NIfTI datatype codes by name. */
export const datatypes = {
  uint8: [2, 1],
  int16: [4, 2],
  int32: [8, 4],
  float32: [16, 4],
  float64: [64, 8],
  rgb24: [128, 3],
  int8: [256, 1],
  uint16: [512, 2],
  uint32: [768, 4],
  int64: [1024, 8],
  uint64: [1280, 8],
} as const

export type Datatype = keyof typeof datatypes

export interface NiftiFields {
  readonly version?: 1 | 2
  readonly littleEndian?: boolean
  readonly datatype?: Datatype
  readonly shape?: Triple
  /** dim[0…] as written; from the shape when left out. */
  readonly dims?: readonly number[]
  readonly values?: readonly number[]
  /** pixdim[0…3]: qfac, then w, h, d. */
  readonly pixdim?: readonly number[]
  /** Twelve numbers; its code is 1 when given. */
  readonly sform?: readonly number[]
  readonly sformCode?: number
  /** b, c, d, offset x, y, z; its code is 1 when given. */
  readonly qform?: readonly number[]
  readonly qformCode?: number
  readonly units?: number
  readonly slope?: number
  readonly intercept?: number
  readonly calMin?: number
  readonly calMax?: number
  readonly extension?: Uint8Array
  readonly voxOffset?: number
  readonly magic?: string
}

/** Offsets in the header, [version 1, version 2]. */
const at = {
  dim: [40, 16],
  datatype: [70, 12],
  bitpix: [72, 14],
  pixdim: [76, 104],
  voxOffset: [108, 168],
  slope: [112, 176],
  intercept: [116, 184],
  calMax: [124, 192],
  calMin: [128, 200],
  qformCode: [252, 344],
  sformCode: [254, 348],
  quaternion: [256, 352],
  sform: [280, 400],
} as const

/** Header (with its four extension bytes) and voxels; joined, they are a .nii, apart they are a pair. */
export function makeNiftiParts(fields: NiftiFields = {}): { header: Uint8Array; voxels: Uint8Array } {
  const { version = 1, littleEndian: little = true, datatype = 'int16', shape = phantomShape } = fields
  const second = version === 2
  const headerBytes = (second ? 540 : 348) + 4
  const extension = fields.extension ?? new Uint8Array(0)
  const header = new Uint8Array(headerBytes + extension.length)
  const view = new DataView(header.buffer)
  const place = (field: keyof typeof at) => at[field][second ? 1 : 0]
  const real = (offset: number, i: number, value: number) =>
    second ? view.setFloat64(offset + 8 * i, value, little) : view.setFloat32(offset + 4 * i, value, little)
  const code = (offset: number, value: number) =>
    second ? view.setInt32(offset, value, little) : view.setInt16(offset, value, little)
  view.setInt32(0, second ? 540 : 348, little)
  const [D, H, W] = shape
  const dims = fields.dims ?? [3, W, H, D, 1, 1, 1, 1]
  dims.forEach((size, i) =>
    second
      ? view.setBigInt64(place('dim') + 8 * i, BigInt(size), little)
      : view.setInt16(place('dim') + 2 * i, size, little),
  )
  const [typeCode, width] = datatypes[datatype]
  view.setInt16(place('datatype'), typeCode, little)
  view.setInt16(place('bitpix'), 8 * width, little)
  ;(fields.pixdim ?? [1, 0.5, 2, 4]).forEach((mm, i) => real(place('pixdim'), i, mm))
  const voxOffset = fields.voxOffset ?? (fields.magic?.startsWith('ni') ? 0 : header.length)
  if (second) view.setBigInt64(place('voxOffset'), BigInt(voxOffset), little)
  else view.setFloat32(place('voxOffset'), voxOffset, little)
  real(place('slope'), 0, fields.slope ?? 0)
  real(place('intercept'), 0, fields.intercept ?? 0)
  real(place('calMax'), 0, fields.calMax ?? 0)
  real(place('calMin'), 0, fields.calMin ?? 0)
  code(place('qformCode'), fields.qformCode ?? (fields.qform ? 1 : 0))
  code(place('sformCode'), fields.sformCode ?? (fields.sform ? 1 : 0))
  fields.qform?.forEach((value, i) => real(place('quaternion'), i, value))
  fields.sform?.forEach((value, i) => real(place('sform'), i, value))
  if (second) view.setInt32(500, fields.units ?? 2, little)
  else view.setUint8(123, fields.units ?? 2)
  const magic = fields.magic ?? (second ? 'n+2\0\r\n\x1a\n' : 'n+1\0')
  header.set(new TextEncoder().encode(magic), second ? 4 : 344)
  if (extension.length > 0) {
    view.setUint8(headerBytes - 4, 1)
    header.set(extension, headerBytes)
  }
  return { header, voxels: niftiVoxels(fields.values ?? phantomValues(shape), datatype, little) }
}

export function makeNifti(fields: NiftiFields = {}): Uint8Array {
  const { header, voxels } = makeNiftiParts(fields)
  const bytes = new Uint8Array(header.length + voxels.length)
  bytes.set(header)
  bytes.set(voxels, header.length)
  return bytes
}

function niftiVoxels(values: readonly number[], datatype: Datatype, little: boolean): Uint8Array {
  const width = datatypes[datatype][1]
  const bytes = new Uint8Array(values.length * width)
  const view = new DataView(bytes.buffer)
  values.forEach((value, i) => {
    const offset = i * width
    if (datatype === 'uint8' || datatype === 'rgb24') view.setUint8(offset, value)
    else if (datatype === 'int8') view.setInt8(offset, value)
    else if (datatype === 'int16') view.setInt16(offset, value, little)
    else if (datatype === 'uint16') view.setUint16(offset, value, little)
    else if (datatype === 'int32') view.setInt32(offset, value, little)
    else if (datatype === 'uint32') view.setUint32(offset, value, little)
    else if (datatype === 'float32') view.setFloat32(offset, value, little)
    else if (datatype === 'float64') view.setFloat64(offset, value, little)
    else if (datatype === 'int64') view.setBigInt64(offset, BigInt(value), little)
    else view.setBigUint64(offset, BigInt(value), little)
  })
  return bytes
}
