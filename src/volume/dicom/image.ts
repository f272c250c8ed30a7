// What one DICOM file says about its image: the attributes that decide how it is grouped, placed and turned into HU.
// Enhanced (multi-frame) files say it per frame in functional groups (PS3.3 C.7.6.16), all others once.
import { InputError } from '../../base/errors.ts'
import type { ScanFile, WindowSetting } from '../volume.ts'
import type { DataSet } from './dataSet.ts'
import { pixelDataTag, readItem, readNumbers, readText } from './dataSet.ts'

export interface DicomImage {
  readonly file: ScanFile
  readonly transferSyntax: string
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly studyUid: string
  readonly seriesUid: string
  readonly frameOfReferenceUid: string
  readonly modality: string
  readonly description: string
  readonly kernel: string
  readonly imageType: readonly string[]
  readonly rescaleType: string
  readonly instanceNumber: number
  readonly acquisitionNumber: number
  readonly gantryTiltDegrees: number
  readonly rows: number
  readonly columns: number
  readonly samplesPerPixel: number
  readonly photometric: string
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly highBit: number
  readonly isSigned: boolean
  readonly hasPixels: boolean
  readonly frameCount: number
  /** Stored values, both ends included, that mean "outside the field of view". */
  readonly padding: readonly [number, number] | undefined
  readonly windows: readonly WindowSetting[]
  readonly attributes: Readonly<Record<string, string>>
  readonly slices: readonly DicomSlice[]
}

/** One frame and where it lies; what the file leaves out is undefined. */
export interface DicomSlice {
  readonly frame: number
  readonly positionLpsMm: readonly number[] | undefined
  readonly orientation: readonly number[] | undefined
  /** Between rows, between columns, mm. */
  readonly pixelSpacingMm: readonly number[] | undefined
  readonly thicknessMm: number | undefined
  readonly slope: number | undefined
  readonly intercept: number | undefined
}

/** More than any enhanced CT has; a damaged header could claim two thousand million. */
const maxFrames = 1 << 14

/** Patient and study attributes kept for export; never shown in messages. */
const keptAttributes: Readonly<Record<string, string>> = {
  PatientName: 'x00100010',
  PatientID: 'x00100020',
  PatientBirthDate: 'x00100030',
  PatientSex: 'x00100040',
  PatientAge: 'x00101010',
  StudyDate: 'x00080020',
  StudyTime: 'x00080030',
  StudyID: 'x00200010',
  StudyDescription: 'x00081030',
  AccessionNumber: 'x00080050',
  ReferringPhysicianName: 'x00080090',
  SeriesNumber: 'x00200011',
  SeriesDescription: 'x0008103e',
  BodyPartExamined: 'x00180015',
  PatientPosition: 'x00185100',
  PositionReferenceIndicator: 'x00201040',
  Manufacturer: 'x00080070',
  ManufacturerModelName: 'x00081090',
}

/** Reads the header of one file, parsed at least up to its pixel data. */
export function readImage(dataSet: DataSet, file: ScanFile): DicomImage {
  const text = (tag: string) => dataSet.string(tag)?.trim() ?? ''
  const integer = (tag: string, otherwise: number) => dataSet.uint16(tag) ?? otherwise
  const bitsAllocated = integer('x00280100', 16)
  const bitsStored = integer('x00280101', bitsAllocated)
  const isSigned = integer('x00280103', 0) === 1
  const slices = readSlices(dataSet)
  return {
    file,
    transferSyntax: text('x00020010') || '1.2.840.10008.1.2',
    sopClassUid: text('x00080016'),
    sopInstanceUid: text('x00080018'),
    studyUid: text('x0020000d'),
    seriesUid: text('x0020000e'),
    frameOfReferenceUid: text('x00200052'),
    modality: text('x00080060'),
    description: readText(dataSet, 'x0008103e') || readText(dataSet, 'x00181030'),
    kernel: readText(dataSet, 'x00181210').replaceAll('\\', ' '),
    imageType: text('x00080008')
      .split('\\')
      .map(part => part.trim()),
    rescaleType: text('x00281054'),
    instanceNumber: dataSet.intString('x00200013') ?? 0,
    acquisitionNumber: dataSet.intString('x00200012') ?? 0,
    gantryTiltDegrees: dataSet.floatString('x00181120') ?? 0,
    rows: integer('x00280010', 0),
    columns: integer('x00280011', 0),
    samplesPerPixel: integer('x00280002', 1),
    photometric: text('x00280004'),
    bitsAllocated,
    bitsStored,
    highBit: integer('x00280102', bitsStored - 1),
    isSigned,
    hasPixels: pixelDataTag in dataSet.elements,
    frameCount: slices.length,
    padding: readPadding(dataSet, isSigned),
    windows: readWindows(dataSet),
    attributes: Object.fromEntries(
      Object.entries(keptAttributes)
        .map(([keyword, tag]) => [keyword, readText(dataSet, tag)])
        .filter(([, value]) => value !== ''),
    ),
    slices,
  }
}

/** The tag's VR is not always written, and not always right: the pixels' own signedness decides. */
function readPadding(dataSet: DataSet, isSigned: boolean): [number, number] | undefined {
  const read = (tag: string) => (isSigned ? dataSet.int16(tag) : dataSet.uint16(tag))
  const value = read('x00280120')
  if (value === undefined) return undefined
  const limit = read('x00280121') ?? value
  return [Math.min(value, limit), Math.max(value, limit)]
}

function readWindows(dataSet: DataSet): WindowSetting[] {
  const holder = dataSet.elements['x00281050'] ? dataSet : voiItem(dataSet)
  const numbers = (tag: string) => (holder?.string(tag) ?? '').split('\\').map(Number)
  const [centres, widths] = [numbers('x00281050'), numbers('x00281051')]
  const names = holder ? readText(holder, 'x00281055').split('\\') : []
  return centres.flatMap((levelHu, i) => {
    const widthHu = widths[i]
    const isUsable = Number.isFinite(levelHu) && widthHu > 0
    return isUsable ? [{ name: names[i]?.trim() || `File ${i + 1}`, widthHu, levelHu }] : []
  })
}

function voiItem(dataSet: DataSet): DataSet | undefined {
  const groups = [readItem(dataSet, 'x52009229'), readItem(dataSet, 'x52009230')]
  return groups.map(group => readItem(group, 'x00289132')).find(item => item !== undefined)
}

function readSlices(dataSet: DataSet): DicomSlice[] {
  const frames = dataSet.elements['x52009230']?.items
  const shared = readItem(dataSet, 'x52009229')
  const count = Math.max(1, dataSet.intString('x00280008') || 1)
  if (count > maxFrames)
    throw new InputError(
      `A DICOM file says that it has ${count} frames; at most ${maxFrames} are read. The file is damaged: export it again.`,
    )
  if (!frames && !shared) {
    const [geometry, values] = [dataSet, dataSet]
    return Array.from({ length: count }, (_, frame) =>
      readSlice(frame, { position: geometry, orientation: geometry, measures: geometry, values }),
    )
  }
  return Array.from({ length: count }, (_, frame) => {
    const own = frames?.[frame]?.dataSet
    const group = (tag: string) => readItem(own, tag) ?? readItem(shared, tag)
    return readSlice(frame, {
      position: group('x00209113'),
      orientation: group('x00209116'),
      measures: group('x00289110'),
      values: group('x00289145'),
    })
  })
}

interface SliceGroups {
  readonly position: DataSet | undefined
  readonly orientation: DataSet | undefined
  readonly measures: DataSet | undefined
  readonly values: DataSet | undefined
}

function readSlice(frame: number, groups: SliceGroups): DicomSlice {
  const numbers = (group: DataSet | undefined, tag: string, count: number) =>
    group ? readNumbers(group, tag, count) : undefined
  const spacing = numbers(groups.measures, 'x00280030', 2)
  return {
    frame,
    positionLpsMm: numbers(groups.position, 'x00200032', 3),
    orientation: numbers(groups.orientation, 'x00200037', 6),
    pixelSpacingMm: spacing?.every(mm => mm > 0) ? spacing : undefined,
    thicknessMm: numbers(groups.measures, 'x00180050', 1)?.[0],
    slope: numbers(groups.values, 'x00281053', 1)?.[0],
    intercept: numbers(groups.values, 'x00281052', 1)?.[0],
  }
}
