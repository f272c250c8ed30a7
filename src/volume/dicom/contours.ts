// Radiotherapy contours (RT Structure Set, PS3.3 C.8.8): closed outlines in patient coordinates, filled on the slices of
// the CT series that they were drawn on.
import { InputError } from '../../base/errors.ts'
import { rasMmToVoxel, rasToLps, type PointMm } from '../geometry.ts'
import { collectVoxels, fillEvenOdd, type Outline } from '../outlines.ts'
import type { FileGrid } from '../volume.ts'
import type { DataSet } from './dataSet.ts'
import { readText } from './dataSet.ts'

export interface Structure {
  readonly name: string
  /** Corners of closed planar outlines, LPS mm. */
  readonly outlines: readonly (readonly PointMm[])[]
}

export interface ContourSet {
  /** Series that the contours were drawn on, as far as they are named. */
  readonly seriesUids: readonly string[]
  readonly frameOfReferenceUid: string
  /** Those with at least one closed outline. */
  readonly structures: readonly Structure[]
}

function items(dataSet: DataSet | undefined, tag: string): DataSet[] {
  return (dataSet?.elements[tag]?.items ?? []).flatMap(item => item.dataSet ?? [])
}

function uid(dataSet: DataSet | undefined, tag: string): string {
  return dataSet?.string(tag)?.trim() ?? ''
}

/**
 * Reads a whole RTSTRUCT data set.
 * @throws InputError, naming the file, when no structure has a closed outline.
 */
export function readContourSet(dataSet: DataSet, name: string): ContourSet {
  const frames = items(dataSet, 'x30060010')
  const series = frames.flatMap(frame =>
    items(frame, 'x30060012').flatMap(study => items(study, 'x30060014').map(one => uid(one, 'x0020000e'))),
  )
  const contoursOf = new Map(
    items(dataSet, 'x30060039').map(roi => [uid(roi, 'x30060084'), items(roi, 'x30060040')]),
  )
  const structures = items(dataSet, 'x30060020').map(roi => ({
    name: readText(roi, 'x30060026') || `structure ${uid(roi, 'x30060022')}`,
    outlines: (contoursOf.get(uid(roi, 'x30060022')) ?? []).flatMap(readOutline),
  }))
  const drawn = structures.filter(({ outlines }) => outlines.length > 0)
  if (drawn.length === 0)
    throw new InputError(
      `${name} holds ${structures.length} structures without a closed outline; contours around the lesions are expected. Export the structure set again.`,
    )
  return {
    seriesUids: [...new Set(series.filter(Boolean))],
    frameOfReferenceUid: uid(frames[0], 'x00200052') || uid(dataSet, 'x00200052'),
    structures: drawn,
  }
}

function readOutline(contour: DataSet): PointMm[][] {
  if (!/^CLOSED_?PLANAR/.test(uid(contour, 'x30060042'))) return []
  const numbers = (contour.string('x30060050') ?? '').split('\\').map(Number)
  if (numbers.length < 9 || numbers.length % 3 !== 0 || !numbers.every(Number.isFinite)) return []
  return [
    Array.from({ length: numbers.length / 3 }, (_, i): PointMm => [
      numbers[3 * i],
      numbers[3 * i + 1],
      numbers[3 * i + 2],
    ]),
  ]
}

export interface FilledStructure {
  /** Rising indices into the volume in memory. */
  readonly voxels: Int32Array
  /** Outlines that lie outside of the scan, or across its slices instead of in one. */
  readonly skipped: number
  /** Slices without an outline between the first and the last one that has one. */
  readonly gaps: number
}

/** A contour further than this from the plane of its slice is not on it, in slices. */
const mostOffPlane = 0.5

/** Fills the outlines of a structure, slice by slice, on the grid of the file. */
export function fillStructure({ outlines }: Structure, fileGrid: FileGrid): FilledStructure {
  const [D, H, W] = fileGrid.shape
  const bySlice = new Map<number, Outline[]>()
  let skipped = 0
  for (const outline of outlines) {
    const corners = outline.map(point => rasMmToVoxel(fileGrid.affine, rasToLps(point)))
    const slice = Math.round(corners.reduce((sum, [d]) => sum + d, 0) / corners.length)
    if (slice < 0 || slice >= D || corners.some(([d]) => Math.abs(d - slice) > mostOffPlane)) {
      skipped++
      continue
    }
    bySlice.set(slice, [...(bySlice.get(slice) ?? []), corners.map(([, h, w]) => [w, h] as const)])
  }
  const collector = collectVoxels(fileGrid)
  for (const [slice, drawn] of bySlice)
    fillEvenOdd(drawn, H, W, (row, column) => collector.set(slice, row, column))
  const slices = [...bySlice.keys()]
  const span = slices.length === 0 ? 0 : Math.max(...slices) - Math.min(...slices) + 1
  return { voxels: collector.finish(), skipped, gaps: span - slices.length }
}
