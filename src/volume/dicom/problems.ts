// Why a DICOM image cannot be opened as a CT volume: one sentence each, saying what came, what is expected and what to
// do. No patient's name ever appears; the series' own description may.
import type { DicomImage, DicomSlice } from './image.ts'
import { canReadSyntax } from './pixels.ts'

const modalityNames: Readonly<Record<string, string>> = {
  MR: 'an MR image',
  PT: 'a PET image',
  NM: 'a nuclear medicine image',
  US: 'an ultrasound image',
  CR: 'a radiograph',
  DX: 'a radiograph',
  MG: 'a mammogram',
  XA: 'an angiogram',
  RF: 'a fluoroscopy image',
  SC: 'a screen capture',
  OT: 'an image of no stated kind',
  SR: 'a structured report',
  SEG: 'a segmentation',
  RTSTRUCT: 'a set of radiotherapy contours',
  RTDOSE: 'a radiotherapy dose',
  RTPLAN: 'a radiotherapy plan',
  PR: 'a presentation state',
  REG: 'a registration',
  KO: 'a list of key objects',
}

/** Parts of Image Type that name maps computed from CT, not Hounsfield units. */
const derivedMaps = /^(PERFUSION|RCBF|RCBV|CBF|CBV|MTT|TTP|TMAX|PERMEABILITY|ERROR|MASK)$/

const expected = 'Open a CT series of the chest.'

/** What this image is called in a message: its own series description, or its kind. */
function title(image: DicomImage): string {
  return image.description ? `“${image.description}”` : 'This series'
}

export function isLocalizer(image: DicomImage): boolean {
  return image.imageType.some(part => /^(LOCALIZER|SCOUT)$/.test(part))
}

/** True for objects that hold no image at all (reports, contours, plans). */
export function isWithoutImage(image: DicomImage): boolean {
  return image.rows === 0 || image.columns === 0
}

/** A sentence when the image cannot be part of a CT volume; undefined when it can. */
export function problemOf(image: DicomImage, slice: DicomSlice): string | undefined {
  return kindProblem(image) ?? pixelProblem(image) ?? geometryProblem(image, slice)
}

function kindProblem(image: DicomImage): string | undefined {
  const name = Object.hasOwn(modalityNames, image.modality)
    ? modalityNames[image.modality]
    : `an image of modality ${image.modality || 'unknown'}`
  if (isWithoutImage(image) && image.modality !== 'CT')
    return `${title(image)} is ${name} and holds no pixel data; a CT image series is expected. Open the CT series that belongs to it.`
  if (image.modality !== 'CT')
    return `${title(image)} is ${name} (modality ${image.modality || 'not stated'}), not CT; only CT has the Hounsfield units that the models need. ${expected}`
  if (isLocalizer(image))
    return `${title(image)} is a localizer (scout) image, not a stack of axial slices. Open the axial CT series of the same study.`
  const map = image.imageType.find(part => derivedMaps.test(part))
  if (map)
    return `${title(image)} is a map derived from CT (${map}), not Hounsfield units. Open the original CT series.`
  return undefined
}

function pixelProblem(image: DicomImage): string | undefined {
  if (isWithoutImage(image) || !image.hasPixels)
    return `${title(image)} is a CT file without pixel data; slices with pixels are expected. Export the series again with its images.`
  if (image.samplesPerPixel !== 1 || !/^MONOCHROME[12]$/.test(image.photometric || 'MONOCHROME2'))
    return `${title(image)} is a colour image (${image.photometric}), such as a report or a capture of the screen; grey CT slices are expected. ${expected}`
  if (![8, 16, 32].includes(image.bitsAllocated))
    return `${title(image)} stores ${image.bitsAllocated} bits a pixel; 8, 16 or 32 can be read. Export the series again as 16 bit.`
  if (!canReadSyntax(image.transferSyntax))
    return `${title(image)} is compressed in a way that is not read here (transfer syntax ${image.transferSyntax}). Export it again uncompressed or as JPEG 2000.`
  if (image.rescaleType && !/^(HU|HU_MOD|US)$/.test(image.rescaleType))
    return `${title(image)} holds values in ${image.rescaleType}, not in Hounsfield units. Open the original CT series.`
  return undefined
}

/** No scanner's frame of reference reaches further: 100 m. */
const maxPositionMm = 1e5

/** Row and column directions have length one and stand at right angles, to a hundredth. */
function isRightAngled([a, b, c, d, e, f]: readonly number[]): boolean {
  const areUnits = [Math.hypot(a, b, c), Math.hypot(d, e, f)].every(length => Math.abs(length - 1) < 0.01)
  return areUnits && Math.abs(a * d + b * e + c * f) < 0.01
}

function geometryProblem(image: DicomImage, slice: DicomSlice): string | undefined {
  if (!slice.pixelSpacingMm)
    return `${title(image)} does not say its pixel spacing, so nothing in it can be measured; a CT series with Pixel Spacing (0028,0030) is expected. Export the original series again.`
  if (!slice.positionLpsMm || !slice.orientation)
    return `${title(image)} does not say where its slices lie; Image Position and Orientation (Patient) are expected. Export the original series again.`
  if (!isRightAngled(slice.orientation) || slice.positionLpsMm.some(mm => Math.abs(mm) > maxPositionMm))
    return `${title(image)} says that its slices lie in a way that is impossible; two directions of length one at right angles are expected. Export the original series again.`
  return undefined
}
