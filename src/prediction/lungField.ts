// Where the lungs are: a classical lung field on a coarse grid, so that tiles and findings stay inside it and a
// finding has a side and a zone. Air that is not outside, not bowel and not airway, closed so that nodules on the
// pleura and along vessels are inside. No learned part: it must hold before any weights exist.
import { InputError } from '../base/errors.ts'
import type { Grid, Triple } from '../base/shape.ts'
import { resample } from '../volume/resample.ts'
import type { Volume } from '../volume/volume.ts'
import { findAirways } from './airways.ts'
import { floodFrom, labelComponents } from './components.ts'
import { fillSide } from './lungHull.ts'
import { splitLungs } from './lungSides.ts'
import { dilate, erode } from './morphology.ts'

/** Lung against soft tissue; halfway between parenchyma (−860 HU) and muscle (50 HU). */
export const lungThresholdHu = -400
/** Free air on the coarse grid; parenchyma, even emphysematous, averages above it. */
const freeAirHu = -950
const gridMm = 2.5
/** Below this, air is bowel, an artefact or a fragment. A 51 mm cube inside a lung still has 100 ml. */
const smallestLungMl = 20
const smallestFragmentMl = 5

export type Side = 'right' | 'left'

export interface LungExtent {
  readonly volumeMl: number
  /** Lowest and highest RAS z of the lung's voxels, mm. */
  readonly lowMm: number
  readonly highMm: number
}

export interface LungField {
  readonly grid: Grid
  /** [D,H,W] of `grid`: 0 = outside, 1 = right lung, 2 = left lung. */
  readonly sides: Uint8Array
  readonly right: LungExtent | null
  readonly left: LungExtent | null
  readonly warnings: readonly string[]
}

/**
 * Finds the lungs of a chest CT, also when cropped, when only one lung is in it, and with contrast.
 * @throws InputError when no lung is found.
 */
export function findLungField(volume: Volume): LungField {
  const spacing = volume.spacingMm.map(mm => Math.max(gridMm, mm))
  const coarse = resample(volume, [spacing[0], spacing[1], spacing[2]])
  const { shape, spacingMm } = coarse
  const outside = findOutsideAir(coarse)
  const air = Uint8Array.from(coarse.hu, (hu, i) => (hu < lungThresholdHu && outside[i] === 0 ? 1 : 0))
  const airways = findAirways(coarse, air)
  for (let i = 0; i < air.length; i++) if (airways[i] !== 0) air[i] = 0
  const lung = keepLungs(coarse, air)
  const { sides, warnings } = splitLungs(lung, coarse)
  const filled = fillBothSides(sides, shape, spacingMm, outside)
  for (let i = 0; i < airways.length; i++) if (airways[i] !== 0 && sides[i] === 0) filled[i] = 0
  const field = {
    grid: { shape, spacingMm, affine: coarse.affine },
    sides: filled,
    right: measureExtent(filled, 1, coarse),
    left: measureExtent(filled, 2, coarse),
  }
  return { ...field, warnings: [...warnings, ...cutWarnings(filled, shape)] }
}

/** Air around the patient, table and clothes: free air that reaches the sides of an axial slice, and its soft edge. */
function findOutsideAir({ hu, shape, spacingMm }: Volume): Uint8Array {
  const [D, H, W] = shape
  const free = Uint8Array.from(hu, value => (value < freeAirHu ? 1 : 0))
  const seeds: number[] = []
  for (let d = 0; d < D; d++) {
    for (let h = 0; h < H; h++) seeds.push((d * H + h) * W, (d * H + h) * W + W - 1)
    for (let w = 0; w < W; w++) seeds.push(d * H * W + w, (d * H + H - 1) * W + w)
  }
  const reached = floodFrom(seeds, free, shape)
  return dilate(reached, shape, spacingMm, 1.5 * Math.max(spacingMm[1], spacingMm[2]))
}

/** Components of inner air that are lung: large enough, denser than free air, and with body in front and behind. */
function keepLungs(coarse: Volume, air: Uint8Array): Uint8Array {
  const { hu, shape, spacingMm } = coarse
  const { labels, sizes } = labelComponents(air, shape)
  const core = erode(air, shape, spacingMm, Math.max(...spacingMm))
  const enclosed = findEnclosed(coarse)
  const coreCount = sizes.map(() => 0)
  const coreSum = sizes.map(() => 0)
  const enclosedCount = sizes.map(() => 0)
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 0) continue
    enclosedCount[labels[i]] += enclosed[i]
    if (core[i] === 0) continue
    coreCount[labels[i]]++
    coreSum[labels[i]] += hu[i]
  }
  const voxelMl = (spacingMm[0] * spacingMm[1] * spacingMm[2]) / 1000
  const isLung = sizes.map(
    (size, k) =>
      size * voxelMl >= smallestFragmentMl &&
      coreCount[k] > 0 &&
      coreSum[k] / coreCount[k] > freeAirHu &&
      enclosedCount[k] >= 0.5 * size,
  )
  const largestMl = Math.max(0, ...sizes.map((size, k) => (isLung[k] ? size * voxelMl : 0)))
  if (largestMl < smallestLungMl) {
    throw new InputError(
      'No lung was found in this scan: a chest CT in Hounsfield units is expected, with air-filled lung of at least 20 ml; open a chest series, or check that the values are in HU.',
    )
  }
  return Uint8Array.from(labels, label => (isLung[label] ? 1 : 0))
}

/** Voxels of an axial slice with body, or the volume's border without free air, both in front of and behind them. */
function findEnclosed({ hu, shape, spacingMm }: Volume): Uint8Array {
  const [D, H, W] = shape
  const dense = Uint8Array.from(hu, value => (value >= lungThresholdHu ? 1 : 0))
  // An opening removes table shells and clothes, which would otherwise count as body behind the table's foam.
  const body = dilate(erode(dense, shape, spacingMm, 5), shape, spacingMm, 5)
  const enclosed = new Uint8Array(hu.length)
  for (let d = 0; d < D; d++) {
    for (let w = 0; w < W; w++) {
      const at = (h: number) => (d * H + h) * W + w
      let behind = 0
      let front = H - 1
      while (behind < H && body[at(behind)] === 0 && hu[at(behind)] < freeAirHu) behind++
      while (front >= 0 && body[at(front)] === 0 && hu[at(front)] < freeAirHu) front--
      if (behind > 0) while (behind < H && body[at(behind)] === 0) behind++
      if (front < H - 1) while (front >= 0 && body[at(front)] === 0) front--
      for (let h = behind; h <= front; h++) enclosed[at(h)] = 1
    }
  }
  return enclosed
}

function fillBothSides(sides: Uint8Array, shape: Triple, spacingMm: Triple, outside: Uint8Array): Uint8Array {
  const right = fillSide(sides, 1, shape, spacingMm)
  const left = fillSide(sides, 2, shape, spacingMm)
  return Uint8Array.from(sides, (side, i) => {
    if (side !== 0) return side
    if (outside[i] !== 0 || right[i] === left[i]) return 0
    return right[i] !== 0 ? 1 : 2
  })
}

function measureExtent(sides: Uint8Array, side: 1 | 2, { shape, spacingMm, affine }: Grid): LungExtent | null {
  let count = 0
  let lowMm = Infinity
  let highMm = -Infinity
  for (let i = 0; i < sides.length; i++) {
    if (sides[i] !== side) continue
    count++
    const w = i % shape[2]
    const h = ((i - w) / shape[2]) % shape[1]
    const d = Math.floor(i / (shape[1] * shape[2]))
    const z = affine[8] * w + affine[9] * h + affine[10] * d + affine[11]
    if (z < lowMm) lowMm = z
    if (z > highMm) highMm = z
  }
  if (count === 0) return null
  const halfSlice = spacingMm[0] / 2
  const volumeMl = (count * spacingMm[0] * spacingMm[1] * spacingMm[2]) / 1000
  return { volumeMl, lowMm: lowMm - halfSlice, highMm: highMm + halfSlice }
}

/** Zones are thirds of the lung that was scanned; say so when the scan does not hold all of it. */
function cutWarnings(sides: Uint8Array, shape: Triple): string[] {
  const plane = shape[1] * shape[2]
  const area = (d: number) => sides.subarray(d * plane, (d + 1) * plane).reduce((n, side) => n + (side ? 1 : 0), 0)
  const largest = Math.max(...Array.from({ length: shape[0] }, (_, d) => area(d)))
  const ends = [area(0) > 0.3 * largest ? 'lower' : '', area(shape[0] - 1) > 0.3 * largest ? 'upper' : '']
  const cut = ends.filter(end => end !== '')
  if (cut.length === 0) return []
  return [
    `The lungs are cut at the ${cut.join(' and the ')} end of the scan; zones are thirds of the part that was scanned.`,
  ]
}
