// LIDC-IDRI annotation files (LidcReadMessage): what each reader outlined, by SOP Instance UID. An outline runs through the
// first pixels outside of the nodule (Armato et al., Medical Physics 38, 2011); nodules below 3 mm are a single point.
import { InputError } from '../base/errors.ts'
import { childrenNamed, parseXml, textOf, type XmlElement } from './xml.ts'

/** Column and row of a pixel in its slice, from 0. */
export type SlicePixel = readonly [column: number, row: number]

export interface LidcOutline {
  readonly sopInstanceUid: string
  readonly pixels: readonly SlicePixel[]
  /** False for a hole in the nodule. */
  readonly isInclusion: boolean
}

export interface LidcNodule {
  readonly id: string
  /** Rating 1…5; null where the reader gave none (nodules below 3 mm). */
  readonly malignancy: number | null
  readonly outlines: readonly LidcOutline[]
}

export interface LidcReading {
  readonly seriesInstanceUid: string
  readonly studyInstanceUid: string
  /** The nodules of each reader; a reader who saw none has an empty list. */
  readonly readers: readonly (readonly LidcNodule[])[]
}

export function isLidcXml(text: string): boolean {
  return /<(\w+:)?LidcReadMessage[\s>]/.test(text)
}

/** @throws InputError, naming the file, when it is damaged or has no series or no reader. */
export function readLidcXml(text: string, name: string): LidcReading {
  const root = parseXml(text, name)
  const header = childrenNamed(root, 'ResponseHeader')[0]
  const seriesInstanceUid = textOf(header, 'SeriesInstanceUid') || textOf(header, 'SeriesInstanceUID')
  const readers = childrenNamed(root, 'readingSession').map(session =>
    childrenNamed(session, 'unblindedReadNodule').map(readNodule),
  )
  if (!seriesInstanceUid || readers.length === 0)
    throw new InputError(
      `${name} does not say which CT series was read, or by whom; an LIDC-IDRI annotation file of a CT scan is expected. Download it again.`,
    )
  return { seriesInstanceUid, studyInstanceUid: textOf(header, 'StudyInstanceUID'), readers }
}

function readNodule(element: XmlElement): LidcNodule {
  const malignancy = Number(textOf(childrenNamed(element, 'characteristics')[0], 'malignancy') || NaN)
  return {
    id: textOf(element, 'noduleID'),
    malignancy: malignancy >= 1 && malignancy <= 5 ? malignancy : null,
    outlines: childrenNamed(element, 'roi').map(readOutline),
  }
}

function readOutline(roi: XmlElement): LidcOutline {
  const pixels = childrenNamed(roi, 'edgeMap').map(
    point => [Number(textOf(point, 'xCoord') || NaN), Number(textOf(point, 'yCoord') || NaN)] as const,
  )
  return {
    sopInstanceUid: textOf(roi, 'imageSOP_UID'),
    pixels: pixels.filter(pixel => pixel.every(Number.isFinite)),
    isInclusion: !/^false$/i.test(textOf(roi, 'inclusion')),
  }
}
