// From a file's pixel data to one frame of stored values: plain frames of either byte order, encapsulated ones joined
// from their fragments (also without an offset table) and decoded by codec.ts.
import dicomParser from 'dicom-parser'
import { InputError } from '../../base/errors.ts'
import { swapBytes } from '../swapBytes.ts'
import type { ScanFile } from '../volume.ts'
import { canDecode, decodeFrame } from './codec.ts'
import type { DataSet } from './dataSet.ts'
import { parseDataSet, pixelDataTag } from './dataSet.ts'
import type { DicomImage } from './image.ts'

export type StoredValues = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array

const bigEndian = '1.2.840.10008.1.2.2'
const plainSyntaxes = new Set([
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.1.99',
  bigEndian,
])

export const isPlainSyntax = (transferSyntax: string): boolean => plainSyntaxes.has(transferSyntax)

export function canReadSyntax(transferSyntax: string): boolean {
  return isPlainSyntax(transferSyntax) || canDecode(transferSyntax)
}

export interface FrameReader {
  /** Stored values [rows, columns] of one frame, sign extended. @throws InputError when the data are damaged. */
  read(image: DicomImage, frame: number): Promise<StoredValues>
}

/** Keeps the last file parsed: the frames of a multi-frame file come one after the other. */
export function createFrameReader(): FrameReader {
  let last: { file: ScanFile; dataSet: DataSet } | undefined
  return {
    async read(image, frame) {
      if (last?.file !== image.file) {
        last = undefined // let go of the old bytes before the new ones come
        last = { file: image.file, dataSet: parseWhole(await image.file.bytes(), image) }
      }
      const bytes = await frameBytes(last.dataSet, image, frame)
      return toStored(bytes, image)
    },
  }
}

function fileName(image: DicomImage): string {
  return image.file.path.split('/').pop() ?? image.file.path
}

function parseWhole(bytes: Uint8Array, image: DicomImage): DataSet {
  try {
    return parseDataSet(bytes, true)
  } catch (error) {
    throw truncated(image, String(error))
  }
}

function truncated(image: DicomImage, details: string): InputError {
  return new InputError(
    `${fileName(image)} ends before its ${image.columns} × ${image.rows} pixels do; a whole DICOM file is expected. Copy or export the series again.`,
    details,
  )
}

async function frameBytes(dataSet: DataSet, image: DicomImage, frame: number): Promise<Uint8Array> {
  const frameLength = (image.rows * image.columns * image.bitsAllocated) / 8
  const element = dataSet.elements[pixelDataTag]
  if (!element) throw truncated(image, 'no pixel data element')
  if (isPlainSyntax(image.transferSyntax)) {
    const start = element.dataOffset + frame * frameLength
    const bytes = new Uint8Array(dataSet.byteArray.subarray(start, start + frameLength)) // a copy, aligned
    if (bytes.length < frameLength || (frame + 1) * frameLength > element.length)
      throw truncated(image, `frame ${frame} has ${bytes.length} of ${frameLength} bytes`)
    if (image.transferSyntax === bigEndian) swapBytes(bytes, image.bitsAllocated / 8)
    return bytes
  }
  try {
    return await decodeFrame(encapsulated(dataSet, frame, image.frameCount), image)
  } catch (error) {
    throw new InputError(
      `The compressed pixels of ${fileName(image)} are damaged or not what its header says. Export the series again, uncompressed if possible.`,
      String(error),
    )
  }
}

function encapsulated(dataSet: DataSet, frame: number, frameCount: number): Uint8Array {
  const element = dataSet.elements[pixelDataTag]
  const fragments = element.fragments ?? []
  if (frameCount === 1)
    return dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, 0, fragments.length)
  if (fragments.length === frameCount)
    return dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, frame, 1)
  const offsets = element.basicOffsetTable?.length
    ? element.basicOffsetTable
    : dicomParser.createJPEGBasicOffsetTable(dataSet, element)
  return dicomParser.readEncapsulatedImageFrame(dataSet, element, frame, offsets)
}

/** Views the bytes as numbers; overlay bits above the stored ones are cut off, the sign bit is where bitsStored ends. */
function toStored(bytes: Uint8Array, image: DicomImage): StoredValues {
  const { buffer, byteOffset, length } = bytes
  const { bitsAllocated, isSigned, highBit, bitsStored } = image
  if (bitsAllocated === 8) return isSigned ? new Int8Array(buffer, byteOffset, length) : bytes
  if (bitsAllocated === 32)
    return isSigned
      ? new Int32Array(buffer, byteOffset, length / 4)
      : new Uint32Array(buffer, byteOffset, length / 4)
  const values = isSigned
    ? new Int16Array(buffer, byteOffset, length / 2)
    : new Uint16Array(buffer, byteOffset, length / 2)
  if (bitsStored < 16) {
    const [up, down] = [31 - highBit, 32 - bitsStored]
    // Padding may lie outside what the stored bits hold: what equals it as it stands is left as it stands.
    const [low, high] = image.padding ?? [NaN, NaN]
    for (let i = 0; i < values.length; i++)
      if (!(values[i] >= low && values[i] <= high))
        values[i] = isSigned ? (values[i] << up) >> down : (values[i] << up) >>> down
  }
  return values
}
