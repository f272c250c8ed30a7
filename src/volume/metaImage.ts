// MetaImage headers (itk.org, MetaIO): .mha and .mhd with raw or zlib data. World coordinates are LPS, a row of
// TransformMatrix is the direction of one file axis. Parsed here: itk-wasm's reader fetches its pipelines from a CDN.
import { InputError } from '../base/errors.ts'
import type { Affine } from '../base/shape.ts'
import { findDetached } from './detached.ts'
import type { RasterHeader, VoxelType } from './raster.ts'
import { fileName } from './raster.ts'
import type { KnownFile } from './scanFiles.ts'
import type { ScanFile } from './volume.ts'

const voxelTypes: Readonly<Record<string, VoxelType>> = {
  MET_CHAR: 'int8',
  MET_UCHAR: 'uint8',
  MET_SHORT: 'int16',
  MET_USHORT: 'uint16',
  MET_INT: 'int32',
  MET_UINT: 'uint32',
  MET_LONG: 'int32',
  MET_ULONG: 'uint32',
  MET_LONG_LONG: 'int64',
  MET_ULONG_LONG: 'uint64',
  MET_FLOAT: 'float32',
  MET_DOUBLE: 'float64',
}

type Fields = ReadonlyMap<string, string>

/**
 * Understands a MetaImage header; `others` are searched for the data of an .mhd.
 * @throws InputError when it is not one 3-D volume of numbers.
 */
export function readMetaImage({ file, head }: KnownFile, others: readonly ScanFile[]): RasterHeader {
  const name = fileName(file)
  const { fields, headerBytes } = readFields(head, name)
  const sizes = numbers(fields, 'DimSize')
  const channels = Number(fields.get('ElementNumberOfChannels') ?? 1)
  const elementType = fields.get('ElementType') ?? ''
  const voxelType = Object.hasOwn(voxelTypes, elementType) ? voxelTypes[elementType] : undefined
  if (sizes.length !== 3 && !(sizes.length > 3 && sizes.slice(3).every(size => size === 1)))
    throw new InputError(
      `${name} has ${sizes.length} dimensions (${sizes.join(' × ')}); a single 3-D CT volume is expected. Export one volume.`,
    )
  if (!voxelType || channels !== 1)
    throw new InputError(
      `${name} holds ${channels === 1 ? `values of type “${elementType || 'not stated'}”` : `${channels} values a voxel`}; one number in HU per voxel is expected. Convert the original CT again.`,
    )
  if (/^(false|f|0|no)$/i.test(fields.get('BinaryData') ?? ''))
    throw new InputError(
      `${name} stores its voxels as text (BinaryData = False); binary voxels are expected. Save it again as binary.`,
    )
  const isCompressed = isTrue(fields, 'CompressedData')
  const dataFile = fields.get('ElementDataFile') ?? ''
  const isLocal = /^LOCAL$/i.test(dataFile)
  if (!isLocal && (/^LIST\b/i.test(dataFile) || dataFile.includes('%') || dataFile === ''))
    throw new InputError(
      `${name} spreads its voxels over several files; one data file is expected. Convert it to a single .mha.`,
    )
  const skip = Number(fields.get('HeaderSize') ?? 0)
  const bigEndian = isTrue(fields, 'BinaryDataByteOrderMSB') || isTrue(fields, 'ElementByteOrderMSB')
  return {
    file,
    format: 'metaimage',
    modality: fields.get('Modality') === 'MET_MOD_CT' ? 'CT' : 'unknown',
    shape: [sizes[2], sizes[1], sizes[0]],
    affine: readAffine(fields, name),
    voxelType,
    littleEndian: !bigEndian,
    slope: Number(fields.get('ElementToIntensityFunctionSlope') ?? 1),
    intercept: Number(fields.get('ElementToIntensityFunctionOffset') ?? 0),
    windows: [],
    warnings: matrixOf(fields).length === 0 ? [noOrientation] : [],
    data: isLocal ? file : findDetached(file, dataFile, others),
    compression: isCompressed ? 'zlib' : 'none',
    fileSkipBytes: isLocal ? headerBytes : skip,
    streamSkipBytes: 0,
  }
}

const noOrientation =
  'The file does not say how it is oriented: left–right, front–back and up–down may be wrong. LPS order was assumed.'

/** ElementDataFile is always the last line; what follows it is data. */
function readFields(head: Uint8Array, name: string): { fields: Fields; headerBytes: number } {
  const text = new TextDecoder('latin1').decode(head)
  const last = /^ElementDataFile[ \t]*=.*(?:\r?\n|$)/m.exec(text)
  if (!last)
    throw new InputError(
      `${name} looks like MetaImage but does not say where its voxels are. Copy or export it again.`,
    )
  const headerBytes = last.index + last[0].length
  const fields = new Map<string, string>()
  for (const line of text.slice(0, headerBytes).split(/\r?\n/)) {
    const match = /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line)
    if (match) fields.set(match[1], match[2])
  }
  return { fields, headerBytes }
}

function isTrue(fields: Fields, key: string): boolean {
  return /^(true|t|1|yes)$/i.test(fields.get(key) ?? '')
}

function numbers(fields: Fields, ...keys: string[]): number[] {
  const text = keys.map(key => fields.get(key)).find(value => value !== undefined) ?? ''
  return text.split(/\s+/).filter(Boolean).map(Number)
}

function readAffine(fields: Fields, name: string): Affine {
  const spacing = numbers(fields, 'ElementSpacing', 'ElementSize')
  if (!(spacing.length >= 3 && spacing.slice(0, 3).every(mm => mm > 0)))
    throw new InputError(
      `${name} does not say how large its voxels are; ElementSpacing with three numbers above zero is expected. Export the scan again with its geometry.`,
    )
  const offset = numbers(fields, 'Offset', 'Position', 'Origin')
  const matrix = matrixOf(fields)
  const dimensions = Math.sqrt(matrix.length)
  if (matrix.length > 0 && !(dimensions >= 3 && Number.isInteger(dimensions)))
    throw new InputError(
      `${name} has a TransformMatrix of ${matrix.length} numbers; nine are expected. Export the scan again with its geometry.`,
    )
  const directions = matrix.length > 0 ? matrix : [1, 0, 0, 0, 1, 0, 0, 0, 1]
  const row = (i: number) => {
    const sign = i < 2 ? -1 : 1 // LPS → RAS
    const steps = [0, 1, 2].map(axis => directions[(dimensions || 3) * axis + i] * spacing[axis])
    return [...steps, offset[i] ?? 0].map(value => sign * value + 0)
  }
  return [...row(0), ...row(1), ...row(2), 0, 0, 0, 1]
}

function matrixOf(fields: Fields): number[] {
  return numbers(fields, 'TransformMatrix', 'Rotation', 'Orientation')
}
