// The lesions that the masks of a scan show, on the scan's own grid.
import { parseDataSet } from '../../volume/dicom/dataSet.ts'
import { fillStructure, readContourSet } from '../../volume/dicom/contours.ts'
import { paintSegmentation } from '../../volume/dicom/paintSegmentation.ts'
import { readSegmentation } from '../../volume/dicom/segmentation.ts'
import { readLidcXml } from '../../volume/lidcXml.ts'
import type { OpenedSeries } from '../../volume/volume.ts'
import type { CohortOptions } from './cohort.ts'
import { toLesion, type Lesion, type ReadLesions } from './lesion.ts'
import { lidcLesions } from './lidcNodules.ts'
import { elsewhere, emptyMask, noSuchStructure } from './maskProblems.ts'
import type { MaskSpec } from './pairScans.ts'
import { readRasterMask, type LesionMode } from './rasterMask.ts'

/** Two lesions that share more than this (Dice) are one, drawn twice. */
const sameLesionDice = 0.5
const tumourName = /gtv|tumou?r|lesion|nodule|neoplas|carcinom|cancer|metast|mass\b/i

/**
 * Reads all masks of an open scan. `mode` is what one lesion of a label map is.
 * @throws InputError, naming the mask, when it is damaged, empty, or lies outside of the scan.
 */
export async function readLesions(
  masks: readonly MaskSpec[],
  series: OpenedSeries,
  mode: LesionMode,
  options: CohortOptions,
): Promise<ReadLesions> {
  const read: ReadLesions[] = []
  for (const mask of masks) read.push(await readMask(mask, series, mode, options))
  const lesions: Lesion[] = []
  const notices = read.flatMap(one => one.notices)
  for (const lesion of read.flatMap(one => one.lesions)) {
    if (lesions.some(other => diceOf(lesion.voxels, other.voxels) > sameLesionDice))
      notices.push(
        `${masks.map(({ path }) => path).join(', ')}: a lesion is drawn twice; the first drawing was taken.`,
      )
    // Values of several files are not values of one map: lesions are told apart by their number.
    else lesions.push(masks.length > 1 ? { ...lesion, value: null } : lesion)
  }
  return { lesions, notices }
}

function readMask(
  mask: MaskSpec,
  series: OpenedSeries,
  mode: LesionMode,
  options: CohortOptions,
): Promise<ReadLesions> {
  switch (mask.kind) {
    case 'raster':
      return readRasterMask(mask, series, mode, options)
    case 'segmentation':
      return readSegments(mask, series, options)
    case 'contours':
      return readStructures(mask, series, options)
    case 'reading':
      return readReaders(mask, series, options)
  }
}

/** Those that were asked for, else those named like a tumour, else all; the others are named. */
function chooseNamed<T extends { readonly name: string }>(
  all: readonly T[],
  path: string,
  { structures }: CohortOptions,
): { chosen: readonly T[]; notices: string[] } {
  const asked = all.filter(({ name }) => structures?.includes(name))
  if (structures && asked.length === 0)
    throw noSuchStructure(
      path,
      structures,
      all.map(({ name }) => name),
    )
  const tumours = all.filter(({ name }) => tumourName.test(name))
  const chosen = structures ? asked : tumours.length > 0 ? tumours : all
  const left = all.filter(one => !chosen.includes(one)).map(({ name }) => `“${name}”`)
  return { chosen, notices: left.length > 0 ? [`${path}: not taken for lesions: ${left.join(', ')}.`] : [] }
}

async function readSegments(
  mask: MaskSpec,
  series: OpenedSeries,
  options: CohortOptions,
): Promise<ReadLesions> {
  const seg = readSegmentation(parseDataSet(await mask.file!.bytes(), true), mask.file!)
  const { chosen, notices } = chooseNamed(seg.segments, mask.path, options)
  const { segments, isResampled, outside } = await paintSegmentation(seg, chosen, series.volume)
  const found = segments.filter(({ voxels }) => voxels.length > 0)
  if (found.length === 0) throw outside > 0 || isResampled ? elsewhere(mask.path) : emptyMask(mask.path)
  if (isResampled) notices.push(`${mask.path} lies on another grid than its scan and was resampled.`)
  if (outside > 0) notices.push(`${mask.path}: ${outside} of its frames reach outside of the scan.`)
  return {
    lesions: found.map(({ voxels, name, number }) => toLesion(voxels, series.volume, number, name)),
    notices,
  }
}

async function readStructures(
  mask: MaskSpec,
  series: OpenedSeries,
  options: CohortOptions,
): Promise<ReadLesions> {
  const set = readContourSet(parseDataSet(await mask.file!.bytes(), true), mask.path)
  const { chosen, notices } = chooseNamed(set.structures, mask.path, options)
  const filled = chosen.map(structure => ({ ...structure, ...fillStructure(structure, series.fileGrid) }))
  const found = filled.filter(({ voxels }) => voxels.length > 0)
  if (found.length === 0) throw elsewhere(mask.path)
  for (const { name, skipped, gaps } of filled) {
    if (skipped > 0)
      notices.push(`${mask.path}: ${skipped} contours of “${name}” lie on no slice of the scan.`)
    if (gaps > 0) notices.push(`${mask.path}: “${name}” has no contour on ${gaps} slices between others.`)
  }
  return { lesions: found.map(({ voxels, name }) => toLesion(voxels, series.volume, null, name)), notices }
}

async function readReaders(
  mask: MaskSpec,
  series: OpenedSeries,
  options: CohortOptions,
): Promise<ReadLesions> {
  const text = new TextDecoder().decode(await mask.file!.bytes())
  const { consensus, smallNodules = false } = options
  return lidcLesions(readLidcXml(text, mask.path), series, mask.path, { consensus, smallNodules })
}

function diceOf(a: Int32Array, b: Int32Array): number {
  if (a.length === 0 || b.length === 0) return 0
  let [i, j, shared] = [0, 0, 0]
  while (i < a.length && j < b.length) {
    const difference = a[i] - b[j]
    if (difference === 0) shared++
    if (difference <= 0) i++
    if (difference >= 0) j++
  }
  return (2 * shared) / (a.length + b.length)
}
