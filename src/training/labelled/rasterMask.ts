// Masks and label maps in one file (NIfTI, NRRD, MetaImage), on the grid of their scan.
import { InputError } from '../../base/errors.ts'
import { hysteresis } from '../../prediction/components.ts'
import { voxelVolumeMm3 } from '../../prediction/measure.ts'
import { isSameGrid, resampleVoxels, voxelsWhere } from '../../volume/maskGrid.ts'
import type { OpenedSeries } from '../../volume/volume.ts'
import type { CohortOptions } from './cohort.ts'
import { toLesion, type ReadLesions } from './lesion.ts'
import { elsewhere, emptyMask, noSuchStructure } from './maskProblems.ts'
import type { MaskSpec } from './pairScans.ts'

export type LesionMode = NonNullable<CohortOptions['lesions']>

/** Connected parts below this are specks of drawing, mm³ (a ball of 2 mm). */
const speckMm3 = 4
/** A mask that loses more than this share of its voxels is not the mask of this scan as it stands. */
const mentionedLoss = 0.05
/** A map of more lesions is more likely a scan with the name of a mask. */
const mostValues = 64

/** @throws InputError, naming the mask, when it is damaged, empty, or lies outside of the scan. */
export async function readRasterMask(
  mask: MaskSpec,
  { volume }: OpenedSeries,
  mode: LesionMode,
  { structures }: CohortOptions,
): Promise<ReadLesions> {
  const opened = await mask.source!.open({})
  const grid = opened.volume
  const labels = grid.hu
  const all = valuesOf(labels)
  if (all.length === 0) throw emptyMask(mask.path)
  const values = structures ? all.filter(value => structures.includes(String(value))) : all
  if (values.length === 0) throw noSuchStructure(mask.path, structures!, all.map(String))
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
      ? [
          {
            value: null,
            voxels: place(voxelsWhere(labels.length, i => labels[i] > 0 && values.includes(labels[i]))),
          },
        ]
      : values.map(value => ({ value, voxels: place(voxelsWhere(labels.length, i => labels[i] === value)) }))
  const kept = parts.filter(({ voxels }) => voxels.length > 0)
  if (kept.length === 0) throw elsewhere(mask.path)
  if (!isSame)
    notices.push(
      otherGrid(mask.path, grid.spacingMm, volume.spacingMm),
      ...lossNotice(mask.path, kept, labels, grid, volume),
    )
  if (!bySize) return { lesions: kept.map(part => toLesion(part.voxels, volume, part.value)), notices }
  const found = connectedParts(
    kept.map(({ voxels }) => voxels),
    volume,
  )
  const large = found.filter(voxels => voxels.length * voxelVolumeMm3(volume) >= speckMm3)
  const used = large.length > 0 ? large : found
  if (used.length < found.length)
    notices.push(`${mask.path}: ${found.length - used.length} specks below ${speckMm3} mm³ were left out.`)
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
