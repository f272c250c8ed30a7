import { expect, it } from 'vitest'
import type { Volume } from '../volume/volume.ts'
import { voxelToRasMm } from '../volume/geometry.ts'
import { spreadCrops } from './spreadCrops.ts'

/** Air, with a body in the upper half of w. */
function scan(): Volume {
  const shape = [32, 32, 64] as const
  const hu = Int16Array.from({ length: 32 * 32 * 64 }, (_, i) => (i % 64 >= 32 ? 40 : -1024))
  return { shape, spacingMm: [2, 2, 2], affine: [2, 0, 0, -5, 0, 2, 0, 3, 0, 0, 2, 9, 0, 0, 0, 1], hu }
}

it('crops for figures lie side by side in the body, and are the same every time', () => {
  const crops = spreadCrops(scan(), [16, 16, 16], [2, 2, 2], 4)
  expect(crops).toHaveLength(4)
  expect(spreadCrops(scan(), [16, 16, 16], [2, 2, 2], 4)).toEqual(crops)
  // Crops of 16 voxels begin at 32 or 48 of w: their middles are at 39.5 and 55.5.
  const allowed = [39.5, 55.5].map(w => voxelToRasMm(scan().affine, [0, 0, w])[0])
  for (const { centreRasMm } of crops) expect(allowed).toContain(centreRasMm[0])
  expect(new Set(crops.map(({ centreRasMm }) => centreRasMm.join())).size).toBe(4)
})

it('where no crop holds enough body, the middle of the scan is taken', () => {
  const empty = { ...scan(), hu: new Int16Array(32 * 32 * 64).fill(-1024) }
  const [only, ...rest] = spreadCrops(empty, [16, 16, 16], [2, 2, 2], 4)
  expect(rest).toEqual([])
  expect(only.centreRasMm).toEqual(voxelToRasMm(empty.affine, [15.5, 15.5, 31.5]))
})
