// Where the lungs are: a classical lung field on a coarse grid, so that tiles and findings stay inside it and a
// finding has a side and a zone. Lung air without airways, parted into right and left, closed so that nodules on the
// pleura and along vessels are inside. No learned part: it must hold before any weights exist.
import type { Grid, Triple } from '../base/shape.ts'
import { resample } from '../volume/resample.ts'
import type { Volume } from '../volume/volume.ts'
import { findAirways } from './airways.ts'
import { findLungAir } from './lungAir.ts'
import { fillSide } from './lungHull.ts'
import { splitLungs } from './lungSides.ts'
import { maskWhere } from './morphology.ts'

/** Fine enough for the pleura, coarse enough for a second's work; thicker slices keep their own spacing. */
const gridMm = 2.5

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
  const { shape, spacingMm, affine } = coarse
  const { lung, outside } = findLungAir(coarse)
  const airways = findAirways(coarse, lung)
  const tissue = maskWhere(lung.length, i => lung[i] !== 0 && airways[i] === 0)
  const { sides, warnings } = splitLungs(tissue, coarse, outside)
  const right = fillSide(sides, 1, shape, spacingMm)
  const left = fillSide(sides, 2, shape, spacingMm)
  for (let i = 0; i < sides.length; i++) {
    if (sides[i] !== 0 || outside[i] !== 0 || airways[i] !== 0 || right[i] === left[i]) continue
    sides[i] = right[i] !== 0 ? 1 : 2
  }
  return {
    grid: { shape, spacingMm, affine },
    sides,
    right: measureExtent(sides, 1, coarse),
    left: measureExtent(sides, 2, coarse),
    warnings: [...warnings, ...cutWarnings(sides, shape)],
  }
}

function measureExtent(
  sides: Uint8Array,
  side: 1 | 2,
  { shape, spacingMm, affine }: Grid,
): LungExtent | null {
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
  const areas = Array.from({ length: shape[0] }, (_, d) => {
    return sides.subarray(d * plane, (d + 1) * plane).reduce((count, side) => count + (side !== 0 ? 1 : 0), 0)
  })
  const largest = Math.max(...areas)
  const cut = [areas[0] > 0.3 * largest && 'lower', areas[shape[0] - 1] > 0.3 * largest && 'upper'].filter(
    Boolean,
  )
  if (cut.length === 0) return []
  const ends = cut.length === 1 ? `${cut[0]} end` : 'lower and the upper end'
  return [`The lungs are cut at the ${ends} of the scan; zones are thirds of the part that was scanned.`]
}
