// One predicted mask beside the true one: overlap, volume and the distance between the surfaces. A surface is made of the
// voxels inside with a neighbour outside across a face; distances are between voxel centres, in mm.
import { InputError } from '../../base/errors.ts'
import { voxelCount, type Triple } from '../../base/shape.ts'
import { diceOverlap } from '../metrics.ts'
import { squaredDistanceMm2 } from './distanceTransform.ts'
import type { MaskScore } from './scored.ts'

/**
 * Masks [D,H,W], inside where not 0. Two empty masks have Dice 1; without a true voxel there is no volume error, without
 * both surfaces no distance. HD95 is the larger of the two directed 95th percentiles (Taha & Hanbury 2015, Maier-Hein et
 * al. 2024), the mean symmetric distance the mean over the voxels of both surfaces.
 * @throws InputError when a mask has another number of voxels than the shape.
 */
export function judgeMask(
  predicted: ArrayLike<number>,
  truth: ArrayLike<number>,
  shape: Triple,
  spacingMm: Triple,
): MaskScore {
  for (const mask of [predicted, truth])
    if (mask.length !== voxelCount(shape))
      throw new InputError(
        `judgeMask: a mask of ${shape.join(' × ')} voxels has ${voxelCount(shape)} values; ${mask.length} came.`,
      )
  const [predictedVoxels, trueVoxels] = [countInside(predicted), countInside(truth)]
  const distances =
    predictedVoxels > 0 && trueVoxels > 0 ? surfaceDistances(predicted, truth, shape, spacingMm) : null
  return {
    dice: diceOverlap(predicted, truth),
    volumeError: trueVoxels === 0 ? null : (predictedVoxels - trueVoxels) / trueVoxels,
    surfaceDistanceMm: distances && meanOver(distances),
    hausdorff95Mm: distances && Math.max(...distances.map(each => percentile(each, 0.95))),
  }
}

function countInside(mask: ArrayLike<number>): number {
  let count = 0
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) count++
  return count
}

/** Of each voxel of one surface to the other, mm, ascending: [predicted to true, true to predicted]. */
function surfaceDistances(
  predicted: ArrayLike<number>,
  truth: ArrayLike<number>,
  shape: Triple,
  spacingMm: Triple,
): Float64Array[] {
  const box = boxAround([predicted, truth], shape)
  const surfaces = [predicted, truth].map(mask => surfaceWithin(mask, shape, box))
  return surfaces.map((surface, which) => {
    const squared = squaredDistanceMm2(surfaces[1 - which], box.shape, spacingMm)
    return squared
      .filter((_, i) => surface[i] !== 0)
      .sort()
      .map(Math.sqrt)
  })
}

interface Box {
  readonly start: Triple
  readonly shape: Triple
}

/** The smallest box that holds all masks: no nearest voxel lies outside of it. */
function boxAround(masks: readonly ArrayLike<number>[], [D, H, W]: Triple): Box {
  const low: [number, number, number] = [D, H, W]
  const high: [number, number, number] = [-1, -1, -1]
  const widen = (axis: number, at: number) => {
    if (at < low[axis]) low[axis] = at
    if (at > high[axis]) high[axis] = at
  }
  for (const mask of masks)
    for (let row = 0; row < D * H; row++)
      for (let w = 0; w < W; w++) {
        if (mask[row * W + w] === 0) continue
        widen(0, Math.floor(row / H))
        widen(1, row % H)
        widen(2, w)
      }
  return { start: low, shape: [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1] }
}

/** [box] 1 at voxels of the mask with a neighbour outside of it; beyond the grid is outside. */
function surfaceWithin(mask: ArrayLike<number>, [D, H, W]: Triple, { start, shape }: Box): Uint8Array {
  const surface = new Uint8Array(voxelCount(shape))
  let at = 0
  for (let d = start[0]; d < start[0] + shape[0]; d++)
    for (let h = start[1]; h < start[1] + shape[1]; h++)
      for (let w = start[2]; w < start[2] + shape[2]; w++, at++) {
        const i = (d * H + h) * W + w
        if (mask[i] === 0) continue
        const isAtEdge = d === 0 || h === 0 || w === 0 || d === D - 1 || h === H - 1 || w === W - 1
        const isDeep =
          !isAtEdge &&
          mask[i - 1] !== 0 &&
          mask[i + 1] !== 0 &&
          mask[i - W] !== 0 &&
          mask[i + W] !== 0 &&
          mask[i - H * W] !== 0 &&
          mask[i + H * W] !== 0
        if (!isDeep) surface[at] = 1
      }
  return surface
}

function meanOver(parts: readonly Float64Array[]): number {
  let [sum, count] = [0, 0]
  for (const part of parts) {
    for (const value of part) sum += value
    count += part.length
  }
  return sum / count
}

/** Of ascending values, straight between neighbours. */
function percentile(values: ArrayLike<number>, share: number): number {
  const place = share * (values.length - 1)
  const below = Math.floor(place)
  const above = Math.min(values.length - 1, below + 1)
  return values[below] + (place - below) * (values[above] - values[below])
}
