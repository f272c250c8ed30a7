// Scans in one file (NIfTI, NRRD, MetaImage) once their header is read: sizes are checked before memory is taken, then
// the voxels are streamed slice by slice from the file, unpacked on the way, into HU.
import { InputError, throwIfCancelled } from '../base/errors.ts'
import type { Affine, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import type { ByteReader, Compression } from './byteReader.ts'
import { createByteReader, maxDeflateRatio } from './byteReader.ts'
import { spacingOfAffine, spansSpace } from './geometry.ts'
import { checkVolumeSize, createHuWriter } from './huWriter.ts'
import type { WrittenVolume } from './huWriter.ts'
import type { ReadOptions, SeriesSource } from './source.ts'
import { swapBytes } from './swapBytes.ts'
import type { OpenedSeries, ScanFile, SeriesSummary, WindowSetting } from './volume.ts'

export type VoxelType =
  'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'float32' | 'float64'

/** A header that has been understood: a plain 3-D raster of numbers, and where its voxels are. */
export interface RasterHeader {
  readonly file: ScanFile
  readonly format: SeriesSummary['format']
  readonly modality: string
  /** [D,H,W], W fastest in the file. */
  readonly shape: Triple
  readonly affine: Affine
  readonly voxelType: VoxelType
  readonly littleEndian: boolean
  readonly slope: number
  readonly intercept: number
  readonly windows: readonly WindowSetting[]
  readonly warnings: readonly string[]
  /** The file with the voxels: the same one, or the second of a pair. */
  readonly data: ScanFile
  /** Compression of the data file after its first `fileSkipBytes`. */
  readonly compression: Compression
  /** Bytes of the data file before its voxels, or before their compressed stream; −1: plain voxels end the file. */
  readonly fileSkipBytes: number
  /** Bytes of the unpacked stream before the voxels (the header of a .nii.gz). */
  readonly streamSkipBytes: number
}

const bytesOf: Readonly<Record<VoxelType, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
}

/** No header with its extensions is longer; a file that says so would have to be unpacked to no end. */
const maxStreamSkipBytes = 2 ** 28
/** What is skipped in a stream is unpacked in pieces of this size. */
const skipPieceBytes = 2 ** 20

/** Without any voxel below this, a scan is unlikely to be CT in HU: there is always air around a patient. */
const airBelowHu = -200

export function fileName(file: ScanFile): string {
  return file.path.split('/').pop() ?? file.path
}

/** @throws InputError when the header's geometry cannot be used. */
export function rasterSource(header: RasterHeader, id = header.file.path): SeriesSource {
  const name = fileName(header.file)
  const spacingMm = spacingOfAffine(header.affine)
  checkVolumeSize(name, header.shape)
  checkGeometry(name, header.affine, spacingMm)
  const summary: SeriesSummary = {
    id,
    description: name,
    modality: header.modality,
    format: header.format,
    shape: header.shape,
    spacingMm,
  }
  return { summary, holdsImage: true, open: options => openRaster(header, summary, options) }
}

function checkGeometry(name: string, affine: Affine, spacingMm: Triple): void {
  if (spansSpace(affine)) return
  throw new InputError(
    `${name} does not say the size of its voxels in a way that can be used (${spacingMm.map(mm => mm.toPrecision(3)).join(' × ')} mm); spacings above zero along three different directions are expected. Convert the original scan again.`,
  )
}

async function openRaster(
  header: RasterHeader,
  summary: SeriesSummary,
  options: ReadOptions,
): Promise<OpenedSeries> {
  const [D, H, W] = header.shape
  const name = fileName(header.file)
  const sliceBytes = H * W * bytesOf[header.voxelType]
  const reader = await openData(header, D * sliceBytes)
  const writer = createHuWriter(header.shape, header.affine, options.allocate)
  for (let k = 0; k < D; k++) {
    throwIfCancelled(options.signal, 'Opening')
    const bytes = readOrExplain(reader, sliceBytes, header, k)
    writer.write(k, toNumbers(bytes, header), header.slope, header.intercept)
    options.onProgress?.((k + 1) / D)
    if (k % 16 === 15) await yieldToMessages()
  }
  const written = writer.finish()
  refuseNonFinite(name, written)
  return {
    ...summary,
    volume: written.volume,
    fileGrid: written.fileGrid,
    hu: written.hu,
    paddedVoxels: written.paddedVoxels,
    warnings: [...header.warnings, ...valueWarnings(written)],
    windows: header.windows,
    synthetic: false,
  }
}

/** Lets a cancel message arrive between slices. */
function yieldToMessages(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 0))
}

async function openData(header: RasterHeader, neededBytes: number): Promise<ByteReader> {
  const { compression, fileSkipBytes, streamSkipBytes } = header
  const file = await header.data.bytes()
  if (compression === 'none') {
    const start = fileSkipBytes < 0 ? file.length - neededBytes : fileSkipBytes + streamSkipBytes
    if (!(start >= 0 && file.length - start >= neededBytes))
      throw tooShort(header, neededBytes, file.length - Math.max(0, fileSkipBytes + streamSkipBytes))
    return createByteReader(file.subarray(start), 'none')
  }
  const packed = file.subarray(Math.max(0, fileSkipBytes))
  if (packed.length * maxDeflateRatio < neededBytes) throw tooShort(header, neededBytes, packed.length)
  const reader = createByteReader(packed, compression)
  skipStream(reader, header)
  return reader
}

function skipStream(reader: ByteReader, header: RasterHeader): void {
  if (!(header.streamSkipBytes <= maxStreamSkipBytes))
    throw new InputError(
      `${fileName(header.data)} says that its voxels begin after ${header.streamSkipBytes} bytes, which no scan does. Copy or convert it again.`,
    )
  for (let left = header.streamSkipBytes; left > 0; left -= skipPieceBytes)
    readOrExplain(reader, Math.min(left, skipPieceBytes), header, 0)
}

function tooShort(header: RasterHeader, neededBytes: number, heldBytes: number): InputError {
  const [D, H, W] = header.shape
  return new InputError(
    `${fileName(header.data)} is too short: its header promises ${W} × ${H} × ${D} voxels (${neededBytes} bytes), the file holds ${Math.max(0, heldBytes)} bytes. Copy or export it again.`,
  )
}

function readOrExplain(reader: ByteReader, count: number, header: RasterHeader, slice: number): Uint8Array {
  let bytes: Uint8Array
  let details: string | undefined
  try {
    bytes = reader.read(count)
  } catch (error) {
    bytes = new Uint8Array(0)
    details = String(error)
  }
  if (bytes.length === count) return bytes
  throw new InputError(
    `${fileName(header.data)} is cut off or damaged: slice ${slice + 1} of the ${header.shape[0]} that its header promises cannot be read. Copy or download it again.`,
    details,
  )
}

function refuseNonFinite(name: string, written: WrittenVolume): void {
  const { nonFiniteVoxels, volume } = written
  if (nonFiniteVoxels === 0) return
  const percent = Number(((100 * nonFiniteVoxels) / voxelCount(volume.shape)).toPrecision(2))
  throw new InputError(
    `${name} has no number in ${nonFiniteVoxels} of its ${voxelCount(volume.shape)} voxels (${percent} %); every voxel must have a value in HU. Write −1024 where there is no data, and open it again.`,
  )
}

function valueWarnings({ hu, clippedVoxels }: WrittenVolume): string[] {
  const warnings: string[] = []
  if (hu.min >= airBelowHu)
    warnings.push(
      `No voxel is below ${airBelowHu} HU (values from ${hu.min} to ${hu.max}): this may be a mask, an MR or a CT that is not in Hounsfield units.`,
    )
  if (clippedVoxels > 0) warnings.push(`Voxels above 32767 were set to 32767 (${clippedVoxels} of them).`)
  return warnings
}

function toNumbers(bytes: Uint8Array, { voxelType, littleEndian }: RasterHeader): ArrayLike<number> {
  const width = bytesOf[voxelType]
  const copy = new Uint8Array(bytes) // aligned, and free to be turned
  if (!littleEndian) swapBytes(copy, width)
  const { buffer } = copy
  switch (voxelType) {
    case 'int8':
      return new Int8Array(buffer)
    case 'uint8':
      return copy
    case 'int16':
      return new Int16Array(buffer)
    case 'uint16':
      return new Uint16Array(buffer)
    case 'int32':
      return new Int32Array(buffer)
    case 'uint32':
      return new Uint32Array(buffer)
    case 'float32':
      return new Float32Array(buffer)
    case 'float64':
      return new Float64Array(buffer)
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer), Number)
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer), Number)
  }
}
