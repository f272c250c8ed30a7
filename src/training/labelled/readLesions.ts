// The lesions that the masks of a scan show, on the scan's own grid.
import { InputError } from '../../base/errors.ts'
import { parseDataSet } from '../../volume/dicom/dataSet.ts'
import { fillStructure, readContourSet } from '../../volume/dicom/contours.ts'
import { paintSegmentation, readSegmentation } from '../../volume/dicom/segmentation.ts'
import { readLidcXml } from '../../volume/lidcXml.ts'
import { isSameGrid, resampleVoxels, voxelsWhere } from '../../volume/maskGrid.ts'
import type { OpenedSeries } from '../../volume/volume.ts'
import { hysteresis } from '../../prediction/components.ts'
import { centroidRasMm, voxelVolumeMm3 } from '../../prediction/measure.ts'
import type { CohortOptions } from './cohort.ts'
import type { Lesion, ReadLesions } from './lesion.ts'
import { lidcLesions } from './lidcNodules.ts'
import type { MaskSpec } from './pairScans.ts'

export type LesionMode = NonNullable<CohortOptions['lesions']>

/** Connected parts below this are specks of drawing, mm³ (a ball of 2 mm). */
const speckMm3 = 4
/** A mask that loses more than this share of its voxels is not the mask of this scan as it stands. */
const mentionedLoss = 0.05
/** Two lesions that share more than this (Dice) are one, drawn twice. */
const sameLesionDice = 0.5
/** A map of more lesions is more likely a scan with the name of a mask. */
const mostValues = 64
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
    else lesions.push(lesion)
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
      return readRasterMask(mask, series, mode)
    case 'segmentation':
      return readSegments(mask, series, options)
    case 'contours':
      return readStructures(mask, series, options)
    case 'reading':
      return readReaders(mask, series, options)
  }
}

async function readRasterMask(
  mask: MaskSpec,
  { volume }: OpenedSeries,
  mode: LesionMode,
): Promise<ReadLesions> {
  const opened = await mask.source!.open({})
  const grid = opened.volume
  const labels = grid.hu
  const values = valuesOf(labels)
  if (values.length === 0) throw emptyMask(mask.path)
  if (values.length > mostValues)
    throw new InputError(
      `${mask.path} is a mask by its name but has ${values.length} different values; at most ${mostValues} lesions are expected in one. It may be a scan: rename it, or leave it out.`,
    )
  const isSame = isSameGrid(grid, volume)
  const notices: string[] = []
  const place = (voxels: Int32Array) => (isSame ? voxels : resampleVoxels(voxels, grid, volume))
  const bySize = mode === 'components' || (mode === 'auto' && values.length === 1)
  const parts: { value: number | null; voxels: Int32Array }[] =
    mode === 'whole'
      ? [{ value: null, voxels: place(voxelsWhere(labels.length, i => labels[i] > 0)) }]
      : values.map(value => ({ value, voxels: place(voxelsWhere(labels.length, i => labels[i] === value)) }))
  const kept = parts.filter(({ voxels }) => voxels.length > 0)
  if (kept.length === 0) throw elsewhere(mask.path)
  if (!isSame)
    notices.push(
      otherGrid(mask.path, grid.spacingMm, volume.spacingMm),
      ...lossNotice(mask.path, kept, labels, grid, volume),
    )
  if (!bySize) return { lesions: kept.map(part => toLesion(part.voxels, volume, part.value)), notices }
  const all = connectedParts(
    kept.map(({ voxels }) => voxels),
    volume,
  )
  const large = all.filter(voxels => voxels.length * voxelVolumeMm3(volume) >= speckMm3)
  const used = large.length > 0 ? large : all
  if (used.length < all.length)
    notices.push(`${mask.path}: ${all.length - used.length} specks below ${speckMm3} mm³ were left out.`)
  const lesions = used.map((voxels, i) => toLesion(voxels, volume, used.length > 1 ? i + 1 : null))
  return { lesions, notices }
}

function valuesOf(labels: Int16Array): number[] {
  const seen = new Set<number>()
  for (const value of labels) if (value > 0) seen.add(value)
  return [...seen].sort((a, b) => a - b)
}

/** 26-connected parts of voxel lists, largest first. */
function connectedParts(lists: readonly Int32Array[], volume: OpenedSeries['volume']): Int32Array[] {
  const mask = new Uint8Array(volume.hu.length)
  for (const voxels of lists) for (const voxel of voxels) mask[voxel] = 1
  const parts = hysteresis(mask, volume.shape, 1, 1, new Uint8Array(mask.length))
  return parts.sort((a, b) => b.length - a.length)
}

function toLesion(
  voxels: Int32Array,
  volume: OpenedSeries['volume'],
  value: number | null,
  name: string | null = null,
): Lesion {
  return { name, value, voxels, centreRasMm: centroidRasMm(voxels, volume), rating: null }
}

function emptyMask(path: string): InputError {
  return new InputError(
    `${path} is empty: it has no voxel above 0. A mask with the lesion in it is expected; draw it again, or leave the case out.`,
  )
}

function elsewhere(path: string): InputError {
  return new InputError(
    `${path} does not overlap its scan: none of its voxels lies where the scan is. It belongs to another scan, or has lost its orientation; export it again on the scan's grid.`,
  )
}

function otherGrid(path: string, from: readonly number[], to: readonly number[]): string {
  const mm = (spacing: readonly number[]) => spacing.map(value => Number(value.toFixed(2))).join(' × ')
  return `${path} lies on another grid than its scan (${mm(from)} mm, the scan ${mm(to)} mm) and was resampled.`
}

function lossNotice(
  path: string,
  parts: readonly { voxels: Int32Array }[],
  labels: Int16Array,
  from: OpenedSeries['volume'],
  to: OpenedSeries['volume'],
): string[] {
  const before = labels.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0) * voxelVolumeMm3(from)
  const after = parts.reduce((sum, { voxels }) => sum + voxels.length, 0) * voxelVolumeMm3(to)
  const loss = 1 - after / before
  return loss > mentionedLoss
    ? [`${path}: ${(100 * loss).toFixed(0)} % of the mask lies outside of its scan.`]
    : []
}

/** Those that were asked for, else those named like a tumour, else all; the others are named. */
function chooseNamed<T extends { readonly name: string }>(
  all: readonly T[],
  path: string,
  { structures }: CohortOptions,
): { chosen: readonly T[]; notices: string[] } {
  const asked = all.filter(({ name }) => structures?.includes(name))
  if (structures && asked.length === 0)
    throw new InputError(
      `${path} has no structure called ${structures.map(name => `“${name}”`).join(' or ')}; it has ${all.map(({ name }) => `“${name}”`).join(', ')}. Choose among these.`,
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
