// DICOM files → series that can be listed and opened. Headers are read when listing; pixels slice by slice when opening.
import { throwIfCancelled } from '../../base/errors.ts'
import { checkVolumeSize, createHuWriter } from '../huWriter.ts'
import type { ReadOptions, SeriesSource } from '../source.ts'
import { spacingOfAffine } from '../geometry.ts'
import type { KnownFile } from '../scanFiles.ts'
import { headBytes } from '../scanFiles.ts'
import type { DicomSource, OpenedSeries, SeriesSummary } from '../volume.ts'
import { parseDataSet, pixelDataTag } from './dataSet.ts'
import type { SliceGroup } from './group.ts'
import { groupSlices } from './group.ts'
import type { DicomImage } from './image.ts'
import { readImage } from './image.ts'
import { isWithoutImage } from './problems.ts'
import type { FrameReader } from './pixels.ts'
import { createFrameReader } from './pixels.ts'
import type { PlacedSlice, Stack } from './stack.ts'
import { stackSlices } from './stack.ts'

/** Outside what int16 HU holds, below every real value: the writer counts it as padding. */
const paddedHu = -32768

/** @throws Error when the file is no readable DICOM. */
export async function readDicomHeader({ file, head }: KnownFile): Promise<DicomImage> {
  try {
    const dataSet = parseDataSet(head, false)
    // A head that ends between two elements looks complete; without pixel data it may have been cut.
    if (pixelDataTag in dataSet.elements || file.sizeBytes <= headBytes) return readImage(dataSet, file)
  } catch {
    // The header is longer than the head: read all of it.
  }
  return readImage(parseDataSet(await file.bytes(), false), file)
}

export function listDicomSeries(images: readonly DicomImage[]): SeriesSource[] {
  return groupSlices(images).map(group => {
    const stack = group.problem || group.slices.length === 0 ? undefined : stackSlices(group.slices)
    const summary = summarise(group, stack)
    return {
      summary,
      holdsImage: !isWithoutImage(group.first),
      open: options => openDicom(group, stack!, summary, options),
    }
  })
}

function summarise(group: SliceGroup, stack: Stack | undefined): SeriesSummary {
  const { first } = group
  const problem = group.problem ?? stack?.problem
  const thickness = first.slices[0].thicknessMm
  const spacing = first.slices[0].pixelSpacingMm ?? [0, 0]
  return {
    id: group.id,
    description: first.description,
    modality: first.modality,
    format: 'dicom',
    shape: stack?.shape ?? [first.frameCount, first.rows, first.columns],
    spacingMm: stack ? spacingOfAffine(stack.affine) : [thickness ?? 0, spacing[0], spacing[1]],
    ...(thickness === undefined ? {} : { sliceThicknessMm: thickness }),
    ...(first.kernel ? { kernel: first.kernel } : {}),
    ...(problem ? { problem } : {}),
  }
}

async function openDicom(
  group: SliceGroup,
  stack: Stack,
  summary: SeriesSummary,
  options: ReadOptions,
): Promise<OpenedSeries> {
  checkVolumeSize(summary.description || 'This series', stack.shape)
  const writer = createHuWriter(stack.shape, stack.affine, options.allocate)
  const reader = createFrameReader()
  const slices = stack.slices
  let below: { index: number; hu: Float32Array } | undefined
  let above: { index: number; hu: Float32Array } | undefined
  for (let k = 0; k < stack.plan.length; k++) {
    throwIfCancelled(options.signal, 'Opening')
    const step = stack.plan[k]
    const load = async (index: number) => {
      const held = [below, above].find(one => one?.index === index)
      return held ?? { index, hu: await readSliceHu(reader, slices[index]) }
    }
    below = await load(step.below)
    above = step.above === step.below ? undefined : await load(step.above)
    writer.write(k, above ? mix(below.hu, above.hu, step.share) : below.hu)
    options.onProgress?.((k + 1) / stack.plan.length)
  }
  const { volume, fileGrid, hu, paddedVoxels, clippedVoxels } = writer.finish()
  const warnings = [...group.warnings, ...stack.warnings, ...valueWarnings(slices, clippedVoxels)]
  return {
    ...summary,
    volume,
    fileGrid,
    hu,
    paddedVoxels,
    warnings,
    windows: group.first.windows,
    dicom: keepSource(group.first, stack),
    synthetic: false,
  }
}

async function readSliceHu(reader: FrameReader, slice: PlacedSlice): Promise<Float32Array> {
  const stored = await reader.read(slice.image, slice.frame)
  const { slope = 1, intercept = 0 } = slice
  const [low, high] = slice.image.padding ?? [NaN, NaN]
  const hu = new Float32Array(stored.length)
  for (let i = 0; i < hu.length; i++) {
    const value = stored[i]
    const isPadding = value >= low && value <= high
    hu[i] = isPadding ? paddedHu : value * slope + intercept
  }
  return hu
}

function mix(below: Float32Array, above: Float32Array, share: number): Float32Array {
  const mixed = new Float32Array(below.length)
  for (let i = 0; i < mixed.length; i++) {
    const isPadding = below[i] < -1024 || above[i] < -1024
    mixed[i] = isPadding ? Math.min(below[i], above[i]) : below[i] + share * (above[i] - below[i])
  }
  return mixed
}

function valueWarnings(slices: readonly PlacedSlice[], clippedVoxels: number): string[] {
  const warnings: string[] = []
  const { image, slope = 1, intercept = 0 } = slices[0]
  if (slices.some(slice => slice.slope === undefined || slice.intercept === undefined))
    warnings.push('The files do not say how to turn stored values into HU; they were taken as HU.')
  if (image.padding) {
    const paddingHu = image.padding[1] * slope + intercept
    if (paddingHu > -900)
      warnings.push(
        `The padding value stated in the files is ${Math.round(paddingHu)} HU, which tissue can have; voxels of that value were taken as padding.`,
      )
  }
  if (clippedVoxels > 0) warnings.push(`${clippedVoxels} voxels above 32767 HU were set to 32767.`)
  if (image.imageType[0] === 'DERIVED')
    warnings.push('These images are derived (compressed with loss or computed), not original.')
  return warnings
}

function keepSource(first: DicomImage, stack: Stack): DicomSource {
  const { slices, plan } = stack
  return {
    studyInstanceUid: first.studyUid,
    seriesInstanceUid: first.seriesUid,
    frameOfReferenceUid: first.frameOfReferenceUid,
    sopClassUid: first.sopClassUid,
    slices: plan.map(({ below, above, share }) => ({
      sopInstanceUid: share > 0 ? '' : slices[below].image.sopInstanceUid,
      positionLpsMm: slices[below].positionLpsMm.map(
        (mm, i) => mm + share * (slices[above].positionLpsMm[i] - mm),
      ) as unknown as [number, number, number],
    })),
    attributes: first.attributes,
  }
}
