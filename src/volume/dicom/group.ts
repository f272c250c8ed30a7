// Which slices belong together: same series, same size, spacing and orientation; scouts, reports and maps apart; several
// passes over the same positions apart as well.
import type { DicomImage } from './image.ts'
import { isLocalizer, problemOf } from './problems.ts'
import type { PlacedSlice } from './stack.ts'
import { heightMm } from './stack.ts'

export interface SliceGroup {
  /** Series Instance UID, with #2, #3 … where one series falls into several groups. */
  readonly id: string
  readonly first: DicomImage
  readonly slices: readonly PlacedSlice[]
  readonly warnings: readonly string[]
  readonly problem?: string
}

/** Direction cosines closer than this are the same orientation (0.6°). */
const sameDirection = 0.01

interface Bin {
  readonly first: DicomImage
  readonly problem: string | undefined
  readonly orientation: readonly number[] | undefined
  readonly slices: PlacedSlice[]
  readonly seen: Set<string>
  repeated: number
}

export function groupSlices(images: readonly DicomImage[]): SliceGroup[] {
  const bySeries = new Map<string, DicomImage[]>()
  for (const image of images) {
    const key = image.seriesUid || image.studyUid || 'no series'
    bySeries.set(key, [...(bySeries.get(key) ?? []), image])
  }
  return [...bySeries].flatMap(([seriesUid, members]) => groupSeries(seriesUid, members))
}

function groupSeries(seriesUid: string, images: readonly DicomImage[]): SliceGroup[] {
  const bins = new Map<string, Bin[]>()
  for (const image of images) for (let i = 0; i < image.frameCount; i++) sortIntoBin(bins, image, i)
  const groups = [...bins.values()].flat().flatMap(bin => splitPasses(bin))
  const ranked = groups.sort(
    (a, b) => Number(Boolean(a.problem)) - Number(Boolean(b.problem)) || b.slices.length - a.slices.length,
  )
  return ranked.map((group, i) => ({ ...group, id: i === 0 ? seriesUid : `${seriesUid}#${i + 1}` }))
}

function sortIntoBin(bins: Map<string, Bin[]>, image: DicomImage, index: number): void {
  const slice = image.slices[index]
  const problem = problemOf(image, slice)
  const spacing = slice.pixelSpacingMm?.map(mm => mm.toFixed(3)).join('\\') ?? ''
  const key = [problem ?? '', image.rows, image.columns, spacing, isLocalizer(image)].join('|')
  const candidates = bins.get(key) ?? []
  bins.set(key, candidates)
  let bin = candidates.find(one => sameOrientation(one.orientation, slice.orientation))
  if (!bin) {
    const { orientation } = slice
    bin = { first: image, problem, orientation, slices: [], seen: new Set(), repeated: 0 }
    candidates.push(bin)
  }
  const identity = `${image.sopInstanceUid || image.file.path}/${index}`
  if (bin.seen.has(identity)) bin.repeated++
  else if (!problem) bin.slices.push({ ...slice, image } as PlacedSlice)
  bin.seen.add(identity)
}

function sameOrientation(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  if (!a || !b) return a === b
  return a.every((value, i) => Math.abs(value - b[i]) < sameDirection)
}

type Unnamed = Omit<SliceGroup, 'id'>

/** A series that visits every position n times (phases, reconstructions) is n stacks. */
function splitPasses(bin: Bin): Unnamed[] {
  const warnings =
    bin.repeated > 0
      ? [
          `${bin.repeated} of the files ${bin.repeated === 1 ? 'is a copy' : 'are copies'} of another and ${bin.repeated === 1 ? 'was' : 'were'} left out.`,
        ]
      : []
  const whole: Unnamed = {
    first: bin.first,
    slices: bin.slices,
    warnings,
    ...(bin.problem ? { problem: bin.problem } : {}),
  }
  if (bin.problem) return [whole]
  const places = new Map<string, PlacedSlice[]>()
  for (const slice of bin.slices) {
    const place = heightMm(slice).toFixed(2)
    places.set(place, [...(places.get(place) ?? []), slice])
  }
  const visits = [...places.values()].map(slices => slices.length)
  const passes = visits[0]
  if (places.size < 2 || passes < 2 || visits.some(n => n !== passes)) return [whole]
  const sorted = [...places.values()].map(slices => slices.sort(byAcquisition))
  return Array.from({ length: passes }, (_, pass) => ({
    first: sorted[0][pass].image,
    slices: sorted.map(slices => slices[pass]),
    warnings: [...warnings, `This series visits every position ${passes} times; this is pass ${pass + 1}.`],
  }))
}

function byAcquisition(a: PlacedSlice, b: PlacedSlice): number {
  return (
    a.image.acquisitionNumber - b.image.acquisitionNumber ||
    a.image.instanceNumber - b.image.instanceNumber ||
    a.frame - b.frame
  )
}
