// The images of a run: pass number and seed decide everything, so that a run can be repeated and continued. A few cases
// are in turn at once, each for a number of crops; a crop waits in the bank and is seen several times, always in two new
// views. B crops, rows 0…B−1 view u, rows B…2B−1 view v.
import { voxelCount, type Triple } from '../../base/shape.ts'
import { Random, streamKey } from '../../phantom/random.ts'
import { normaliseHu } from '../../tokens/normalise.ts'
import { augmentView, bordered } from '../augment.ts'
import { CropBank } from '../cropBank.ts'
import type { CasePool } from './casePool.ts'
import type { OpenCase } from './cases.ts'
import type { PretrainRecipe } from './recipe.ts'

/** How crops are drawn; part of a run's record, since it decides what the run sees. */
export interface CropPlan {
  /** Cases in turn at once. */
  readonly lanes: number
  readonly cropsPerCase: number
  /** Crops that wait, and times that each is seen on average. */
  readonly bankSize: number
  readonly usesPerCrop: number
}

/** Number of the case that crop k is cut from: `lanes` cases in turn, which change one after the other. */
export function caseOfCrop(k: number, count: number, seed: number, plan: CropPlan): number {
  const { lanes, cropsPerCase } = plan
  const lane = k % lanes
  const turn = Math.floor((Math.floor(k / lanes) + (lane * cropsPerCase) / lanes) / cropsPerCase)
  const visit = turn * lanes + lane
  const round = Math.floor(visit / count)
  return permute(visit % count, count, streamKey(seed, 40 + round))
}

/** A bijection of 0…count−1 that a key chooses: a Feistel network, walked until it stays inside. */
function permute(index: number, count: number, key: number): number {
  let bits = 1
  while (4 ** bits < count) bits++
  const half = 2 ** bits
  let at = index
  do {
    let [left, right] = [Math.floor(at / half), at % half]
    for (let round = 0; round < 4; round++)
      [left, right] = [right, left ^ (streamKey(key ^ right, round) % half)]
    at = left * half + right
  } while (at >= count)
  return at
}

/** Images of a pass, normalised: [2B · voxels]. */
export type ViewStream = (pass: number) => Promise<Float32Array>

export interface ViewStreamOptions {
  readonly pool: CasePool<OpenCase>
  readonly caseCount: number
  readonly recipe: PretrainRecipe
  readonly plan: CropPlan
  readonly batch: number
  readonly seed: number
}

export function createViewStream(options: ViewStreamOptions): ViewStream {
  const { pool, caseCount, recipe, plan, batch, seed } = options
  const { cropShape, spacingMm, borderVoxels, huWindow, outputRange } = recipe
  const full: Triple = bordered(cropShape, borderVoxels)
  const cut = async (k: number) => {
    const open = await pool.take(caseOfCrop(k, caseCount, seed, plan))
    return open.crop(full, spacingMm, new Random(seed, 1_000_000 + k))
  }
  const bank = new CropBank<Promise<Float32Array>>(cut, plan.bankSize, plan.usesPerCrop)
  const voxels = voxelCount(cropShape)
  return async pass => {
    const images = new Float32Array(2 * batch * voxels)
    for (let b = 0; b < batch; b++) {
      const draw = pass * batch + b
      const random = new Random(seed, 2_000_000_000 + draw)
      const crop = await bank.draw(draw, random)
      for (const row of [b, batch + b]) {
        const view = augmentView(crop, cropShape, borderVoxels, random)
        images.set(normaliseHu(view, huWindow, outputRange), row * voxels)
      }
    }
    return images
  }
}
