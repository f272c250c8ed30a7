// Solid, part-solid or ground glass, by HU alone. The rule, its numbers and its handling of partial volume:
//
// 1. Core: voxels of the nodule deeper than half the outer shell, i.e. the deepest half of its voxels by distance to
//    the outside, because the rim of any nodule mixes with air and looks like ground glass.
// 2. Air inside (cavity, bronchogram; below −850 HU) does not count.
// 3. Solid share s = core voxels ≥ −300 HU ÷ core voxels. −300 HU is halfway between ground glass (about −600) and
//    soft tissue (about 20).
// 4. s ≥ 0.6 solid; 0.1 ≤ s < 0.6 part-solid; below ground glass.
// 5. Fewer than 12 core voxels: the scan cannot resolve a part-solid nodule; solid when the upper quartile of the
//    core reaches −450 HU (partial volume lowers a small solid nodule), otherwise ground glass.
import type { Grid, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import type { Texture } from './finding.ts'
import { unravel } from './measure.ts'
import { squaredDistanceMm } from './morphology.ts'

export const textureRule = {
  solidHu: -300,
  airHu: -850,
  solidShare: 0.6,
  partSolidShare: 0.1,
  smallestCore: 12,
  smallSolidHu: -450,
} as const

/** Texture of a nodule given its voxels (flat indices into `grid`) and the scan's HU. */
export function classifyTexture(voxels: Int32Array, grid: Grid, hu: Int16Array): Texture {
  const core = coreVoxels(voxels, grid).filter(index => hu[index] >= textureRule.airHu)
  if (core.length < textureRule.smallestCore) {
    const values = Array.from(core, index => hu[index]).sort((a, b) => a - b)
    const upperQuartile = values[Math.floor(0.75 * values.length)] ?? -Infinity
    return upperQuartile >= textureRule.smallSolidHu ? 'solid' : 'ground-glass'
  }
  const solid = core.filter(index => hu[index] >= textureRule.solidHu).length / core.length
  if (solid >= textureRule.solidShare) return 'solid'
  return solid >= textureRule.partSolidShare ? 'part-solid' : 'ground-glass'
}

/** The half of the voxels that lie deepest; all that are as deep as the median voxel. */
function coreVoxels(voxels: Int32Array, grid: Grid): Int32Array {
  const [, H, W] = grid.shape
  const low = [Infinity, Infinity, Infinity]
  const high = [-1, -1, -1]
  for (const index of voxels) {
    unravel(index, H, W).forEach((value, axis) => {
      low[axis] = Math.min(low[axis], value)
      high[axis] = Math.max(high[axis], value)
    })
  }
  // One unset voxel around, so that the distance to the outside is known on every side.
  const shape: Triple = [high[0] - low[0] + 3, high[1] - low[1] + 3, high[2] - low[2] + 3]
  const mask = new Uint8Array(voxelCount(shape))
  const local = voxels.map(index => {
    const [d, h, w] = unravel(index, H, W)
    return ((d - low[0] + 1) * shape[1] + h - low[1] + 1) * shape[2] + w - low[2] + 1
  })
  for (const index of local) mask[index] = 1
  const depth = squaredDistanceMm(mask, shape, grid.spacingMm, 0)
  const median = Float32Array.from(local, index => depth[index]).sort()[local.length >> 1]
  return voxels.filter((_, i) => depth[local[i]] >= median)
}
