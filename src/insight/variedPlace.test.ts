import { expect, test } from 'vitest'
import type { Volume } from '../volume/volume.ts'
import { variedPlace } from './variedPlace.ts'

const shape = [40, 60, 60] as const
const extent = { shape: [8, 8, 8], spacingMm: [2, 2, 2] } as const

/** Soft tissue with air on one side, voxels of 1 × 2 × 2 mm, and `paint` over it. */
function scan(paint: (d: number, h: number, w: number) => number | undefined): Volume {
  const hu = new Int16Array(shape[0] * shape[1] * shape[2])
  for (let d = 0, at = 0; d < shape[0]; d++)
    for (let h = 0; h < shape[1]; h++)
      for (let w = 0; w < shape[2]; w++, at++) hu[at] = w < 20 ? -1000 : (paint(d, h, w) ?? 40)
  // Left of the scan is +x: columns run to the right of the reader.
  const affine = [2, 0, 0, -60, 0, 2, 0, -50, 0, 0, 1, 10, 0, 0, 0, 1]
  return { hu, shape, spacingMm: [1, 2, 2], affine } as unknown as Volume
}

test('the place is the one with structure, in RAS mm, not the edge of the body', () => {
  const volume = scan((d, h, w) => (h > 30 && w > 40 && d > 16 ? ((h + w) % 7 < 3 ? -850 : 200) : undefined))
  const [x, y, z] = variedPlace(volume, extent)!
  expect(x).toBeGreaterThan(-60 + 2 * 40)
  expect(y).toBeGreaterThan(-50 + 2 * 30)
  expect(z).toBeGreaterThan(10 + 16 - 8)
})

test('there is none in an even scan, in air, or where the box does not fit', () => {
  expect(
    variedPlace(
      scan(() => undefined),
      extent,
    ),
  ).toBeUndefined()
  expect(
    variedPlace(
      scan(() => -1000),
      extent,
    ),
  ).toBeUndefined()
  expect(
    variedPlace(
      scan((d, h) => d * h),
      { ...extent, shape: [64, 8, 8] },
    ),
  ).toBeUndefined()
})
