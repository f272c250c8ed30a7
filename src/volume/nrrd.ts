// NRRD headers (teem.sourceforge.net/nrrd/format.html): raw and gzip data, attached or in one detached file. Parsed here
// because itk-wasm's readers fetch their pipelines from a CDN and nrrd-js needs Node's Buffer and the whole file unpacked.
import { InputError } from '../base/errors.ts'
import type { Affine } from '../base/shape.ts'
import type { Compression } from './byteReader.ts'
import { findDetached } from './detached.ts'
import type { RasterHeader, VoxelType } from './raster.ts'
import { fileName } from './raster.ts'
import type { KnownFile } from './scanFiles.ts'
import type { ScanFile } from './volume.ts'

const voxelTypes: Readonly<Record<VoxelType, RegExp>> = {
  int8: /^(signed char|int8|int8_t)$/,
  uint8: /^(uchar|unsigned char|uint8|uint8_t)$/,
  int16: /^(short|short int|signed short|signed short int|int16|int16_t)$/,
  uint16: /^(ushort|unsigned short|unsigned short int|uint16|uint16_t)$/,
  int32: /^(int|signed int|int32|int32_t)$/,
  uint32: /^(uint|unsigned int|uint32|uint32_t)$/,
  int64: /^(longlong|long long|long long int|signed long long|signed long long int|int64|int64_t)$/,
  uint64: /^(ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t)$/,
  float32: /^float$/,
  float64: /^double$/,
}

/** Signs that take the space's axes to RAS. */
const spaceSigns: Readonly<Record<string, readonly [number, number, number]>> = {
  'right-anterior-superior': [1, 1, 1],
  ras: [1, 1, 1],
  'left-anterior-superior': [-1, 1, 1],
  las: [-1, 1, 1],
  'left-posterior-superior': [-1, -1, 1],
  lps: [-1, -1, 1],
}

/**
 * Understands an NRRD header; `others` are searched for a detached data file.
 * @throws InputError when it is not one 3-D volume of numbers, or packed in a way that is not read.
 */
export function readNrrd({ file, head }: KnownFile, others: readonly ScanFile[]): RasterHeader {
  const name = fileName(file)
  const { fields, headerBytes } = readFields(head, name)
  const voxelType = (Object.keys(voxelTypes) as VoxelType[]).find(type =>
    voxelTypes[type].test((fields.get('type') ?? '').toLowerCase()),
  )
  if (!voxelType)
    throw new InputError(
      `${name} holds values of type “${fields.get('type') ?? 'not stated'}”; a number per voxel is expected. Convert the original CT again.`,
    )
  const { sizes, keep } = readSizes(fields, name)
  const { affine, warnings } = readGeometry(fields, keep, name)
  const detached = fields.get('data file') ?? fields.get('datafile')
  if (detached !== undefined && /^LIST|%|\s\d+\s+\d+/.test(detached))
    throw new InputError(
      `${name} spreads its voxels over several files; one data file is expected. Convert it to a single .nrrd.`,
    )
  const skip = Number(fields.get('byte skip') ?? fields.get('byteskip') ?? 0)
  if (!(Number.isInteger(skip) && skip >= -1))
    throw new InputError(
      `${name} says “byte skip: ${fields.get('byte skip') ?? fields.get('byteskip')}”; a number of bytes is expected. Export it again.`,
    )
  if (Number(fields.get('line skip') ?? fields.get('lineskip') ?? 0) !== 0)
    throw new InputError(
      `${name} skips lines before its voxels, which is not read here. Convert it to a single .nrrd.`,
    )
  return {
    file,
    format: 'nrrd',
    modality: 'unknown',
    shape: [sizes[2], sizes[1], sizes[0]],
    affine,
    voxelType,
    littleEndian: (fields.get('endian') ?? 'little').toLowerCase() !== 'big',
    slope: 1,
    intercept: 0,
    windows: [],
    warnings,
    data: detached === undefined ? file : findDetached(file, detached, others),
    compression: readEncoding(fields, name),
    fileSkipBytes: skip === -1 ? -1 : detached === undefined ? headerBytes : 0,
    streamSkipBytes: skip === -1 ? 0 : skip, // of the unpacked data, says the format
  }
}

/** The header ends at its first empty line, or with the file when the voxels are elsewhere. */
function readFields(head: Uint8Array, name: string): { fields: Map<string, string>; headerBytes: number } {
  const text = new TextDecoder('latin1').decode(head)
  const end = /\r?\n\r?\n/.exec(text)
  const fields = new Map<string, string>()
  for (const line of text.slice(0, end?.index).split(/\r?\n/).slice(1)) {
    const match = /^([^#:=][^:=]*):(?!=) ?(.*)$/.exec(line)
    if (match) fields.set(match[1].trim().toLowerCase(), match[2].trim())
  }
  if (!end && !fields.has('data file') && !fields.has('datafile'))
    throw new InputError(`${name} is an NRRD file whose header does not end. Copy or export it again.`)
  return { fields, headerBytes: end ? end.index + end[0].length : head.length }
}

/** Sizes of the three axes of space, and which of the file's axes they are; others must have length one. */
function readSizes(fields: Map<string, string>, name: string): { sizes: number[]; keep: number[] } {
  const all = (fields.get('sizes') ?? '').split(/\s+/).filter(Boolean).map(Number)
  const keep = all.length === 3 ? [0, 1, 2] : all.flatMap((size, axis) => (size === 1 ? [] : [axis]))
  if (all.length < 3 || keep.length !== 3)
    throw new InputError(
      `${name} has ${all.length} axes (${all.join(' × ')}); a single 3-D CT volume is expected. Export one volume, without colours or time.`,
    )
  return { sizes: keep.map(axis => all[axis]), keep }
}

function readEncoding(fields: Map<string, string>, name: string): Compression {
  const encoding = (fields.get('encoding') ?? 'raw').toLowerCase()
  if (encoding === 'raw') return 'none'
  if (encoding === 'gzip' || encoding === 'gz') return 'gzip'
  throw new InputError(
    `${name} is stored with the encoding “${encoding}”; raw and gzip are read. Save it again with one of these.`,
  )
}

function readVector(text: string | undefined): number[] | undefined {
  const numbers = text?.replace(/[()]/g, '').split(',').map(Number)
  return numbers?.length === 3 && numbers.every(Number.isFinite) ? numbers : undefined
}

function readGeometry(
  fields: Map<string, string>,
  keep: readonly number[],
  name: string,
): { affine: Affine; warnings: string[] } {
  const vectors = (fields.get('space directions') ?? '').match(/\([^)]*\)|none/g)?.map(readVector)
  const directions = vectors && keep.map(axis => vectors[axis])
  if (directions?.every(vector => vector !== undefined)) {
    const space = (fields.get('space') ?? '').toLowerCase()
    const isKnown = Object.hasOwn(spaceSigns, space)
    const signs = spaceSigns[isKnown ? space : 'lps']
    const origin = readVector(fields.get('space origin')) ?? [0, 0, 0]
    const rows = [0, 1, 2].flatMap(row =>
      [...directions.map(vector => vector![row]), origin[row]].map(value => signs[row] * value + 0),
    )
    const warnings = isKnown
      ? []
      : [`The file does not say which way its axes run (space “${space || 'not stated'}”); LPS was assumed.`]
    return { affine: [...rows, 0, 0, 0, 1], warnings }
  }
  const spacings = (fields.get('spacings') ?? '').split(/\s+/).filter(Boolean).map(Number)
  const [x, y, z] = keep.map(axis => spacings[axis])
  if (!(x > 0 && y > 0 && z > 0))
    throw new InputError(
      `${name} does not say how large its voxels are; “space directions” or “spacings” are expected. Export the scan again with its geometry.`,
    )
  return {
    affine: [-x, 0, 0, 0, 0, -y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1],
    warnings: [
      'The file does not say how it is oriented: left–right, front–back and up–down may be wrong. LPS order was assumed.',
    ],
  }
}
