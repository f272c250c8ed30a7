// Where a scan shows most: a place to begin looking at, for a reader who has not chosen one.
import type { Grid, Triple } from '../base/shape.ts'
import { voxelToRasMm, type PointMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import type { LabCrop } from './labCrop.ts'

/** Candidates and samples of each, along an axis. */
const candidates = 7
const samples = 8
/** Air outside the body, and how much of it a place may have: the skin varies most of all, and says nothing. */
const airBelowHu = -950
const largestAirShare = 0.1
const [lowHu, highHu] = [-1000, 400]

/** Deviation of the HU, cut off at −1000 and 400, in a box of `half` voxels (D,H,W) to both sides; none where it is mostly air. */
function variation({ hu, shape }: Volume, centre: Triple, half: Triple): number | undefined {
  const [, height, width] = shape
  const at = (axis: 0 | 1 | 2, step: number) =>
    Math.round(centre[axis] + half[axis] * ((2 * step + 1) / samples - 1))
  let [sum, squares, air] = [0, 0, 0]
  for (let d = 0; d < samples; d++)
    for (let h = 0; h < samples; h++)
      for (let w = 0; w < samples; w++) {
        const value = hu[(at(0, d) * height + at(1, h)) * width + at(2, w)]
        const cut = Math.min(highHu, Math.max(lowHu, value))
        sum += cut
        squares += cut * cut
        if (value < airBelowHu) air++
      }
  const count = samples ** 3
  if (air > largestAirShare * count) return undefined
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
}

/**
 * Centre, in RAS mm, of the box of `extent` that varies most among those on a coarse grid that lie within the scan and
 * hold little air; undefined where there is none.
 */
export function variedPlace(volume: Volume, extent: Omit<LabCrop, 'centreRasMm'>): PointMm | undefined {
  const { shape, spacingMm, affine } = volume
  const half = shape.map(
    (_, axis) => (extent.shape[axis] * extent.spacingMm[axis]) / spacingMm[axis] / 2,
  ) as unknown as Triple
  const along = (axis: 0 | 1 | 2) => {
    const [low, high] = [half[axis], shape[axis] - 1 - half[axis]]
    return low > high
      ? []
      : Array.from({ length: candidates }, (_, at) => low + ((high - low) * at) / (candidates - 1))
  }
  let best: { centre: Triple; value: number } | undefined
  for (const d of along(0))
    for (const h of along(1))
      for (const w of along(2)) {
        const centre: Triple = [d, h, w]
        const value = variation(volume, centre, half)
        if (value !== undefined && value > (best?.value ?? 0)) best = { centre, value }
      }
  return best && voxelToRasMm(affine, best.centre.map(Math.round) as unknown as Triple)
}

/** Whether a place is where a scan is looked at when it opens. */
function isMiddle({ shape, affine, spacingMm }: Grid, rasMm: PointMm): boolean {
  const [d, h, w] = shape
  const middle = voxelToRasMm(affine, [d >> 1, h >> 1, w >> 1])
  return middle.every((mm, axis) => Math.abs(mm - rasMm[axis]) < Math.min(...spacingMm) / 2)
}

/** Where to begin: where the crosshair is (RAS mm), or, while it stands in the middle of the scan as at first, where most is to be seen. */
export function firstPlace(
  volume: Volume,
  extent: Omit<LabCrop, 'centreRasMm'>,
  crosshairRasMm: PointMm,
): PointMm {
  const place = isMiddle(volume, crosshairRasMm) ? variedPlace(volume, extent) : undefined
  return place ?? crosshairRasMm
}
