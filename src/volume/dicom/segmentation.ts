// DICOM Segmentation objects (PS3.3 A.51; label maps since Supplement 243): what they say of their segments and frames.
import { InputError } from '../../base/errors.ts'
import type { ScanFile } from '../volume.ts'
import type { DataSet } from './dataSet.ts'
import { readItem, readNumbers, readText } from './dataSet.ts'
import type { DicomImage, DicomSlice } from './image.ts'
import { readImage } from './image.ts'
import { canReadSyntax, isPlainSyntax } from './pixels.ts'

export interface Segment {
  readonly number: number
  readonly name: string
}

export interface SegmentFrame extends DicomSlice {
  /** Segment that the frame belongs to; undefined in a label map, whose values say it. */
  readonly segment: number | undefined
  readonly positionLpsMm: readonly number[]
  readonly orientation: readonly number[]
  readonly pixelSpacingMm: readonly number[]
}

export interface Segmentation {
  readonly seriesUids: readonly string[]
  readonly frameOfReferenceUid: string
  readonly segments: readonly Segment[]
  readonly image: DicomImage
  readonly frames: readonly SegmentFrame[]
  /** From one slice to the next, mm, where the file says it. */
  readonly sliceStepMm: number | undefined
  /** Stored value above or at which a voxel belongs to its segment. */
  readonly threshold: number
  readonly dataSet: DataSet
}

/** JPEG that is never lossless. */
const lossySyntaxes = new Set(['50', '51', '53', '55'].map(end => `1.2.840.10008.1.2.4.${end}`))

function items(dataSet: DataSet | undefined, tag: string): DataSet[] {
  return (dataSet?.elements[tag]?.items ?? []).flatMap(item => item.dataSet ?? [])
}

/**
 * Reads a whole SEG data set; its frames are unpacked one by one when it is painted.
 * @throws InputError, naming the file, when its frames cannot be read or do not say where they lie.
 */
export function readSegmentation(dataSet: DataSet, file: ScanFile): Segmentation {
  const name = file.path.split('/').pop() ?? file.path
  const image = readImage(dataSet, file)
  const kind = dataSet.string('x00620001')?.trim() || 'BINARY'
  requireReadable(image, name, kind, dataSet.string('x00282110')?.trim() === '01')
  const shared = readItem(dataSet, 'x52009229')
  const own = items(dataSet, 'x52009230')
  const segmentOf = (frame: number) =>
    (readItem(own[frame], 'x0062000a') ?? readItem(shared, 'x0062000a'))?.uint16('x0062000b')
  const frames = image.slices.map(slice => ({
    ...slice,
    segment: kind === 'LABELMAP' ? undefined : segmentOf(slice.frame),
  }))
  const isPlaced = (frame: (typeof frames)[number]): frame is SegmentFrame =>
    frame.positionLpsMm !== undefined && frame.orientation !== undefined && frame.pixelSpacingMm !== undefined
  if (!frames.every(isPlaced))
    throw new InputError(
      `${name} does not say where its frames lie; a segmentation with plane positions, orientation and pixel spacing is expected. Export it again.`,
    )
  const measures = readItem(shared, 'x00289110') ?? readItem(own[0], 'x00289110')
  const most = dataSet.uint16('x0062000e') ?? 255
  return {
    seriesUids: items(dataSet, 'x00081115').flatMap(series => series.string('x0020000e')?.trim() ?? []),
    frameOfReferenceUid: image.frameOfReferenceUid,
    segments: readSegments(dataSet),
    image,
    frames,
    sliceStepMm: measures && readNumbers(measures, 'x00180088', 1)?.[0],
    threshold: kind === 'FRACTIONAL' && image.bitsAllocated > 1 ? most / 2 : 1,
    dataSet,
  }
}

/** A label map may describe its background as segment 0: it is nothing to paint. */
function readSegments(dataSet: DataSet): Segment[] {
  return items(dataSet, 'x00620002').flatMap(segment => {
    const number = segment.uint16('x00620004') ?? 0
    return number === 0 ? [] : [{ number, name: readText(segment, 'x00620005') || `segment ${number}` }]
  })
}

/** @throws InputError for pixels that cannot be decoded, or whose values are no longer those of segments. */
function requireReadable(image: DicomImage, name: string, kind: string, isSaidLossy: boolean): void {
  const { bitsAllocated: bits, transferSyntax } = image
  const canRead = bits === 1 ? isPlainSyntax(transferSyntax) : canReadSyntax(transferSyntax)
  if (!image.hasPixels || ![1, 8, 16].includes(bits) || !canRead)
    throw new InputError(
      `${name} is a segmentation whose pixels cannot be read (${bits} bit${bits === 1 ? '' : 's'}, transfer syntax ${transferSyntax}); packed bits uncompressed, or 8 or 16 bits uncompressed, RLE or JPEG, are expected. Export it again uncompressed.`,
    )
  if (kind === 'LABELMAP' && (isSaidLossy || lossySyntaxes.has(transferSyntax)))
    throw new InputError(
      `${name} is a label map that was compressed with losses, so that its values no longer tell its segments; a lossless one is expected. Export it again uncompressed.`,
    )
}
