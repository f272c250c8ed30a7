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
    surfaceDistanceMm: distances && mean(distances.flatMap(each => [...each])),
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
      .map(Math.sqrt)
      .sort()
  })
}

interface Box {
  readonly start: Triple
  readonly shape: Triple
}

/** The smallest box that holds all masks: no nearest voxel lies outside of it. */
function boxAround(masks: readonly ArrayLike<number>[], [D, H, W]: Triple): Box {
  const low = [D, H, W]
  const high = [-1, -1, -1]
  for (const mask of masks)
    for (let i = 0; i < mask.length; i++) {
      if (mask[i] === 0) continue
      const at = [Math.floor(i / (H * W)), Math.floor(i / W) % H, i % W]
      for (let axis = 0; axis < 3; axis++) {
        low[axis] = Math.min(low[axis], at[axis])
        high[axis] = Math.max(high[axis], at[axis])
      }
    }
  return {
    start: [low[0], low[1], low[2]],
    shape: [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1],
  }
}

/** [box] 1 at voxels of the mask with a neighbour outside of it; beyond the grid is outside. */
function surfaceWithin(mask: ArrayLike<number>, [D, H, W]: Triple, { start, shape }: Box): Uint8Array {
  const isInside = (d: number, h: number, w: number) =>
    d >= 0 && h >= 0 && w >= 0 && d < D && h < H && w < W && mask[(d * H + h) * W + w] !== 0
  const surface = new Uint8Array(voxelCount(shape))
  let at = 0
  for (let d = start[0]; d < start[0] + shape[0]; d++)
    for (let h = start[1]; h < start[1] + shape[1]; h++)
      for (let w = start[2]; w < start[2] + shape[2]; w++, at++) {
        if (!isInside(d, h, w)) continue
        const isDeep =
          isInside(d - 1, h, w) &&
          isInside(d + 1, h, w) &&
          isInside(d, h - 1, w) &&
          isInside(d, h + 1, w) &&
          isInside(d, h, w - 1) &&
          isInside(d, h, w + 1)
        if (!isDeep) surface[at] = 1
      }
  return surface
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Of ascending values, straight between neighbours. */
function percentile(values: ArrayLike<number>, share: number): number {
  const place = share * (values.length - 1)
  const below = Math.floor(place)
  const above = Math.min(values.length - 1, below + 1)
  return values[below] + (place - below) * (values[above] - values[below])
}
