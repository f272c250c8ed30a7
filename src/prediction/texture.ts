// Solid, part-solid or ground glass, by HU alone. The rule, its numbers and its handling of partial volume:
//
// 1. Solid voxels: ≥ −300 HU, halfway between ground glass (about −600) and soft tissue (about 20).
// 2. Glass voxels: −750 … −300 HU and farther from every solid voxel than the rim of a solid nodule reaches: 2 mm, or
//    one voxel where that is longer. Nearer ones are partial volume. Below −750 HU is lung or air and does not count.
// 3. s = solid ÷ (solid + glass). s ≥ 0.75 solid; 0.1 ≤ s < 0.75 part-solid; below, or without three solid voxels,
//    ground glass.
// 4. Under 8 mm (sphere of the same volume) a part-solid nodule cannot be told from a blurred solid one, and none is
//    claimed: solid from s ≥ 0.3, else ground glass.
//
// On the 93 LIDC cubes with a reader's mask (masks are loose: even solid nodules average −400 HU) this agrees with
// readers' texture 5 as solid in 44 of 48 and with texture 1–2 as not solid in 24 of 25.
import type { Grid, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import type { Texture } from './finding.ts'
import { unravel, voxelVolumeMm3 } from './measure.ts'
import { squaredDistanceMm } from './morphology.ts'

export const textureRule = {
  solidHu: -300,
  glassHu: -750,
  rimMm: 2,
  solidShare: 0.75,
  partSolidShare: 0.1,
  fewestSolidVoxels: 3,
  smallMm: 8,
  smallSolidShare: 0.3,
} as const

/** Texture of a nodule given its voxels (flat indices into `grid`) and the scan's HU. */
export function classifyTexture(voxels: Int32Array, grid: Grid, hu: Int16Array): Texture {
  const solid = voxels.filter(index => hu[index] >= textureRule.solidHu)
  if (solid.length < textureRule.fewestSolidVoxels) return 'ground-glass'
  const share = solid.length / (solid.length + countGlass(voxels, grid, hu))
  const diameterMm = Math.cbrt((6 / Math.PI) * voxels.length * voxelVolumeMm3(grid))
  if (diameterMm < textureRule.smallMm) {
    return share >= textureRule.smallSolidShare ? 'solid' : 'ground-glass'
  }
  if (share >= textureRule.solidShare) return 'solid'
  return share >= textureRule.partSolidShare ? 'part-solid' : 'ground-glass'
}

/** Voxels with the density of ground glass that no solid voxel's blurred rim explains. */
function countGlass(voxels: Int32Array, grid: Grid, hu: Int16Array): number {
  const [, H, W] = grid.shape
  const low = [Infinity, Infinity, Infinity]
  const high = [-1, -1, -1]
  for (const index of voxels) {
    unravel(index, H, W).forEach((value, axis) => {
      low[axis] = Math.min(low[axis], value)
      high[axis] = Math.max(high[axis], value)
    })
  }
  const shape: Triple = [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1]
  const solid = new Uint8Array(voxelCount(shape))
  const local = voxels.map(index => {
    const [d, h, w] = unravel(index, H, W)
    return ((d - low[0]) * shape[1] + h - low[1]) * shape[2] + w - low[2]
  })
  voxels.forEach((index, i) => {
    if (hu[index] >= textureRule.solidHu) solid[local[i]] = 1
  })
  const distance = squaredDistanceMm(solid, shape, grid.spacingMm)
  const rimMm = Math.max(textureRule.rimMm, ...grid.spacingMm)
  let count = 0
  for (const [i, index] of voxels.entries()) {
    const isGlass = hu[index] >= textureRule.glassHu && hu[index] < textureRule.solidHu
    if (isGlass && distance[local[i]] > rimMm * rimMm) count++
  }
  return count
}
