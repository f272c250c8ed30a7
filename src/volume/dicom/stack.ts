// Slices of one series become a straight, evenly spaced stack: sorted along the slice normal, doubles left out, gaps
// filled by interpolation so that everything keeps its true place. What was found is said in words.
import type { Affine, Triple } from '../../base/shape.ts'
import { spacingOfAffine, spansSpace } from '../geometry.ts'
import type { DicomImage, DicomSlice } from './image.ts'

/** A slice with everything it needs to be placed. */
export interface PlacedSlice extends DicomSlice {
  readonly image: DicomImage
  readonly positionLpsMm: readonly number[]
  readonly orientation: readonly number[]
  readonly pixelSpacingMm: readonly number[]
}

/** Slice k of the volume: `below` alone, or a mixture with `above` where none was found. */
export interface StackedSlice {
  readonly below: number
  readonly above: number
  /** Share of `above`, 0…1. */
  readonly share: number
}

export interface Stack {
  readonly shape: Triple
  /** (w,h,d) of the file's grid → RAS mm. */
  readonly affine: Affine
  readonly slices: readonly PlacedSlice[]
  readonly plan: readonly StackedSlice[]
  readonly warnings: readonly string[]
  readonly problem?: string
}

/** Two slices this close together are the same place, mm. */
const samePlaceMm = 0.01
/** A slice this far from where even spacing would put it, in steps, is not used in its stead. */
const evenTolerance = 0.1
/** Deviations from even spacing above this share of a step are mentioned. */
const unevenShare = 0.02
/** With more than this share of slices missing the gaps would be guesses. */
const maxMissing = 1 / 3

type Vector = readonly number[]

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

function normalOf([a, b, c, d, e, f]: Vector): Vector {
  return [b * f - c * e, c * d - a * f, a * e - b * d]
}

export function heightMm(slice: PlacedSlice): number {
  return dot(slice.positionLpsMm, normalOf(slice.orientation))
}

/** Sorts and lays out the slices of one group (same size, spacing and orientation; at least one). */
export function stackSlices(input: readonly PlacedSlice[]): Stack {
  const sorted = [...input].sort(
    (a, b) => heightMm(a) - heightMm(b) || a.image.instanceNumber - b.image.instanceNumber,
  )
  const slices = sorted.filter(
    (slice, i) => i === 0 || heightMm(slice) - heightMm(sorted[i - 1]) > samePlaceMm,
  )
  const warnings: string[] = []
  const doubles = sorted.length - slices.length
  if (doubles > 0)
    warnings.push(
      `${count(doubles, 'slice')} at a position that another slice already has ${doubles === 1 ? 'was' : 'were'} left out.`,
    )
  const planned = planStack(slices, warnings)
  const { plan, stepMm } = planned
  const direction = stackDirection(slices, stepMm, plan.length, warnings)
  const { rows, columns } = slices[0].image
  const affine = affineOf(slices[0], direction)
  const problem = planned.problem ?? (spansSpace(affine) ? undefined : unusableGeometry(affine))
  return {
    shape: [plan.length, rows, columns],
    affine,
    slices,
    plan,
    warnings,
    ...(problem ? { problem } : {}),
  }
}

function unusableGeometry(affine: Affine): string {
  const steps = spacingOfAffine(affine).map(mm => mm.toPrecision(3))
  return `The slices' positions and pixel spacings do not make a volume (steps of ${steps.join(' × ')} mm); a stack of parallel slices is expected. Export the original series again.`
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

function planStack(
  slices: readonly PlacedSlice[],
  warnings: string[],
): { plan: StackedSlice[]; stepMm: number; problem?: string } {
  const heights = slices.map(heightMm)
  if (slices.length === 1) {
    const thickness = slices[0].thicknessMm ?? 0
    warnings.push(
      thickness > 0
        ? 'There is only one slice; its thickness is taken as the slice spacing.'
        : 'There is only one slice and its thickness is not stated; 1 mm was assumed.',
    )
    return { plan: [{ below: 0, above: 0, share: 0 }], stepMm: thickness > 0 ? thickness : 1 }
  }
  const gaps = heights.slice(1).map((height, i) => height - heights[i])
  const typical = [...gaps].sort((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)]
  const extent = heights[heights.length - 1] - heights[0]
  // Gap by gap: over a long stack the typical gap's own error would add up to whole slices.
  const inSteps = gaps.map(gap => Math.round(gap / typical))
  const steps = inSteps.reduce((sum, n) => sum + n, 0)
  const stepMm = extent / steps
  const missing = inSteps.reduce((sum, n) => sum + Math.max(0, n - 1), 0)
  const range = `spacing from ${Math.min(...gaps).toFixed(2)} to ${Math.max(...gaps).toFixed(2)} mm, usually ${typical.toFixed(2)} mm`
  // Judged before the plan is made: one stray slice far away would make it endless.
  if (!(missing <= maxMissing * (steps + 1)))
    return {
      plan: slices.map((_, k) => ({ below: k, above: k, share: 0 })),
      stepMm: typical,
      problem: `${missing} slices are missing between these ${slices.length} (${range}); a contiguous stack is expected. Open the complete series.`,
    }
  if (missing > 0)
    warnings.push(
      `${count(missing, 'slice')} ${missing === 1 ? 'is' : 'are'} missing (${range}); the gaps were filled by interpolation, findings there are uncertain.`,
    )
  const unevenMm = Math.max(...gaps.map((gap, i) => Math.abs(gap - inSteps[i] * typical)))
  if (unevenMm > Math.max(0.02, unevenShare * typical))
    warnings.push(
      `The slices are unevenly spaced (${range}); they were brought to even spacing by interpolation.`,
    )
  const plan = Array.from({ length: steps + 1 }, (_, k) => placeAt(heights, heights[0] + k * stepMm, stepMm))
  return { plan, stepMm }
}

function placeAt(heights: readonly number[], at: number, stepMm: number): StackedSlice {
  let below = 0
  while (below + 1 < heights.length && heights[below + 1] <= at) below++
  const above = Math.min(below + 1, heights.length - 1)
  if (Math.abs(at - heights[below]) <= evenTolerance * stepMm) return { below, above: below, share: 0 }
  if (Math.abs(heights[above] - at) <= evenTolerance * stepMm) return { below: above, above, share: 0 }
  return { below, above, share: (at - heights[below]) / (heights[above] - heights[below]) }
}

/** One step along D in LPS mm. A tilted gantry moves slices along the table, not along their normal: a slanted stack. */
function stackDirection(
  slices: readonly PlacedSlice[],
  stepMm: number,
  depth: number,
  warnings: string[],
): Vector {
  const first = slices[0]
  const normal = normalOf(first.orientation)
  const taggedTilt = first.image.gantryTiltDegrees
  if (slices.length === 1) return normal.map(value => value * stepMm)
  const last = slices[slices.length - 1]
  const direction = first.positionLpsMm.map((mm, i) => (last.positionLpsMm[i] - mm) / (depth - 1))
  const along = dot(direction, normal)
  const slant = Math.hypot(...direction.map((mm, i) => mm - along * normal[i]))
  const slantDegrees = (Math.atan2(slant, along) * 180) / Math.PI
  if (slantDegrees > 0.2)
    warnings.push(
      `Gantry tilt of ${slantDegrees.toFixed(1)}°: the slices are stacked at a slant. Positions are exact; sagittal and coronal views are slanted.`,
    )
  else if (Math.abs(taggedTilt) > 0.2)
    warnings.push(
      `The scanner states a gantry tilt of ${taggedTilt.toFixed(1)}°, but the slices are stacked straight; their positions were believed.`,
    )
  const asideMm = Math.max(...slices.map(slice => distanceFromLineMm(slice, first, direction, along)))
  if (asideMm > 0.5 * Math.min(...first.pixelSpacingMm))
    warnings.push(
      `The slices lie up to ${asideMm.toFixed(1)} mm aside of a straight stack; they were stacked straight, positions are off by as much.`,
    )
  return direction
}

/** How far a slice's corner lies from where the straight stack has it. */
function distanceFromLineMm(
  slice: PlacedSlice,
  first: PlacedSlice,
  direction: Vector,
  along: number,
): number {
  const steps = (heightMm(slice) - heightMm(first)) / along
  return Math.hypot(...slice.positionLpsMm.map((mm, i) => mm - first.positionLpsMm[i] - steps * direction[i]))
}

function affineOf(first: PlacedSlice, direction: Vector): Affine {
  const [rowSpacing, columnSpacing] = first.pixelSpacingMm
  const { orientation, positionLpsMm } = first
  const row = (i: number) => {
    const sign = i < 2 ? -1 : 1 // LPS → RAS
    return [
      orientation[i] * columnSpacing,
      orientation[3 + i] * rowSpacing,
      direction[i],
      positionLpsMm[i],
    ].map(value => sign * value + 0) // + 0 turns −0 into 0
  }
  return [...row(0), ...row(1), ...row(2), 0, 0, 0, 1]
}
