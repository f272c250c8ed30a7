// Several readers' outlines of one scan (LIDC-IDRI) as nodules: outlines filled on the slices that they name, nodules of
// different readers that meet joined, and of each the voxels that enough readers agree on.
import type { PointMm } from '../../volume/geometry.ts'
import { voxelToRasMm } from '../../volume/geometry.ts'
import type { LidcNodule, LidcOutline, LidcReading, SlicePixel } from '../../volume/lidcXml.ts'
import { collectVoxels, fillEvenOdd } from '../../volume/outlines.ts'
import type { OpenedSeries } from '../../volume/volume.ts'
import { centroidRasMm } from '../../prediction/measure.ts'
import type { Lesion, ReadLesions } from './lesion.ts'
import { equivalentDiameterMm, lesionVolumeMm3 } from './lesion.ts'

interface Marked {
  readonly reader: number
  /** Empty for a nodule below 3 mm. */
  readonly voxels: Int32Array
  readonly centreRasMm: PointMm
  readonly diameterMm: number
  readonly rating: number | null
}

export interface ConsensusOptions {
  /** Readers that must agree on a nodule, and on each of its voxels; half of them when undefined. */
  readonly consensus: number | undefined
  readonly smallNodules: boolean
}

/** Nodules of different readers whose centres are closer than this are one, however small, mm. */
const sameCentreMm = 3

/** The nodules of a reading on its series, largest first. */
export function lidcLesions(
  reading: LidcReading,
  series: OpenedSeries,
  path: string,
  { consensus, smallNodules }: ConsensusOptions,
): ReadLesions {
  const sliceOf = new Map((series.dicom?.slices ?? []).map(({ sopInstanceUid }, k) => [sopInstanceUid, k]))
  const all = reading.readers.flatMap((nodules, reader) =>
    nodules.map(nodule => markNodule(nodule, reader, series, sliceOf)),
  )
  const marked = all.filter(one => one !== undefined)
  const lost = all.length - marked.length
  const readers = reading.readers.length
  const needed = Math.min(readers, Math.max(1, consensus ?? Math.ceil(readers / 2)))
  const [large, small] = [marked.filter(isOutlined), marked.filter(one => !isOutlined(one))]
  const clusters = cluster(large)
  const agreed = clusters.flatMap(members => agree(members, needed, series) ?? [])
  agreed.sort((a, b) => b.voxels.length - a.voxels.length)
  const dots = cluster(small)
  const left = clusters.length - agreed.length
  const notices = [
    ...(lost > 0 ? [`${path}: ${lost} outlined nodules lie on slices that the scan does not have.`] : []),
    ...(left > 0
      ? [
          `${path}: ${left} of ${clusters.length} nodules were outlined by fewer than ${needed} of the ${readers} readers, or not in the same place, and were left out.`,
        ]
      : []),
    ...(dots.length > 0 && !smallNodules
      ? [
          `${path}: ${dots.length} nodules below 3 mm are marked by a point without outline and were left out.`,
        ]
      : []),
  ]
  const points = smallNodules ? dots.map(members => pointLesion(members)) : []
  return { lesions: [...agreed, ...points], notices }
}

function isOutlined({ voxels }: Marked): boolean {
  return voxels.length > 0
}

function markNodule(
  nodule: LidcNodule,
  reader: number,
  series: OpenedSeries,
  sliceOf: ReadonlyMap<string, number>,
): Marked | undefined {
  const outlines = nodule.outlines.filter(
    ({ sopInstanceUid, pixels }) => sliceOf.has(sopInstanceUid) && pixels.length > 0,
  )
  if (outlines.length === 0) return undefined
  const rating = nodule.malignancy
  const [first] = outlines
  if (rating === null && outlines.every(({ pixels }) => pixels.length === 1)) {
    const [column, row] = first.pixels[0]
    const centreRasMm = voxelToRasMm(series.fileGrid.affine, [
      sliceOf.get(first.sopInstanceUid)!,
      row,
      column,
    ])
    return { reader, voxels: new Int32Array(0), centreRasMm, diameterMm: 0, rating }
  }
  const voxels = fillOutlines(outlines, series, sliceOf)
  if (voxels.length === 0) return undefined
  return {
    reader,
    voxels,
    centreRasMm: centroidRasMm(voxels, series.volume),
    diameterMm: equivalentDiameterMm(lesionVolumeMm3(voxels, series.volume)),
    rating,
  }
}

/** An outline runs outside of the nodule: its own pixels do not belong to it, unless nothing else would. */
function fillOutlines(
  outlines: readonly LidcOutline[],
  { fileGrid }: OpenedSeries,
  sliceOf: ReadonlyMap<string, number>,
): Int32Array {
  const [, rows, columns] = fileGrid.shape
  const collector = collectVoxels(fileGrid)
  for (const { sopInstanceUid, pixels, isInclusion } of outlines) {
    const slice = sliceOf.get(sopInstanceUid)!
    const edge = new Set(pixels.map(([column, row]) => row * columns + column))
    const inside: SlicePixel[] = []
    fillEvenOdd([pixels], rows, columns, (row, column) => {
      if (!edge.has(row * columns + column)) inside.push([column, row])
    })
    const own = inside.length > 0 || !isInclusion ? inside : pixels.filter(isWithin(rows, columns))
    for (const [column, row] of own) {
      if (isInclusion) collector.set(slice, row, column)
      else collector.clear(slice, row, column)
    }
  }
  return collector.finish()
}

function isWithin(rows: number, columns: number) {
  return ([column, row]: SlicePixel) => column >= 0 && row >= 0 && column < columns && row < rows
}

/** Nodules that meet, directly or through others, are one. */
function cluster(marked: readonly Marked[]): Marked[][] {
  const clusters: Marked[][] = []
  for (const one of marked) {
    const near = clusters.filter(members => members.some(other => isSameNodule(one, other)))
    for (const old of near) clusters.splice(clusters.indexOf(old), 1)
    clusters.push([...near.flat(), one])
  }
  return clusters
}

function isSameNodule(a: Marked, b: Marked): boolean {
  const distanceMm = Math.hypot(...a.centreRasMm.map((mm, axis) => mm - b.centreRasMm[axis]))
  if (distanceMm < Math.max(sameCentreMm, a.diameterMm / 2, b.diameterMm / 2)) return true
  if (distanceMm > a.diameterMm + b.diameterMm) return false
  const held = new Set(a.voxels)
  return b.voxels.some(voxel => held.has(voxel))
}

/** Voxels that at least `needed` readers have; undefined where there are none. */
function agree(members: readonly Marked[], needed: number, series: OpenedSeries): Lesion | undefined {
  const votes = new Map<number, number>()
  for (const reader of new Set(members.map(member => member.reader))) {
    const own = new Set(members.flatMap(member => (member.reader === reader ? [...member.voxels] : [])))
    for (const voxel of own) votes.set(voxel, (votes.get(voxel) ?? 0) + 1)
  }
  const voxels = Int32Array.from(
    [...votes].filter(([, count]) => count >= needed).map(([voxel]) => voxel),
  ).sort()
  if (voxels.length === 0) return undefined
  const ratings = members.flatMap(({ rating }) => rating ?? [])
  const mean = ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length
  return {
    name: null,
    value: null,
    voxels,
    centreRasMm: centroidRasMm(voxels, series.volume),
    rating: ratings.length > 0 ? mean : null,
  }
}

function pointLesion(members: readonly Marked[]): Lesion {
  const mean = (axis: number) => members.reduce((sum, one) => sum + one.centreRasMm[axis], 0) / members.length
  return {
    name: 'below 3 mm',
    value: null,
    voxels: new Int32Array(0),
    centreRasMm: [mean(0), mean(1), mean(2)],
    rating: null,
  }
}
