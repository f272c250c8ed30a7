import { describe, expect, it } from 'vitest'
import type { Affine, Triple } from '../base/shape.ts'
import { voxelToRasMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { cropAt } from './crops.ts'

/** A volume whose HU is a linear function of the world position, on an oblique grid (rotated about x by 0.2 rad). */
function ramp(): Volume {
  const shape: Triple = [30, 40, 50]
  const spacingMm: Triple = [2.5, 0.8, 0.7]
  const [c, s] = [Math.cos(0.2), Math.sin(0.2)]
  const affine: Affine = [0.7, 0, 0, -20, 0, 0.8 * c, -2.5 * s, 10, 0, 0.8 * s, 2.5 * c, -30, 0, 0, 0, 1]
  const hu = new Int16Array(shape[0] * shape[1] * shape[2])
  let i = 0
  for (let d = 0; d < shape[0]; d++)
    for (let h = 0; h < shape[1]; h++)
      for (let w = 0; w < shape[2]; w++) {
        const [x, y, z] = voxelToRasMm(affine, [d, h, w])
        hu[i++] = Math.round(10 * x + 5 * y + 8 * z)
      }
  return { shape, spacingMm, affine, hu }
}

describe('cropAt', () => {
  it('has its middle at the world position, whatever the spacing', () => {
    const volume = ramp()
    const centre = voxelToRasMm(volume.affine, [15.3, 20.1, 24.8])
    const expected = 10 * centre[0] + 5 * centre[1] + 8 * centre[2]
    for (const spacing of [0.5, 1, 1.7]) {
      const crop = cropAt(volume, centre, [5, 5, 5], [spacing, spacing, spacing])
      // HU were rounded to integers; a tent filter leaves a linear function as it is.
      expect(Math.abs(crop[62] - expected)).toBeLessThan(1)
      const even = cropAt(volume, centre, [4, 4, 4], [spacing, spacing, spacing])
      expect(Math.abs(even.reduce((sum, hu) => sum + hu, 0) / 64 - expected)).toBeLessThan(1)
    }
  })

  it('returns the voxels themselves on the same grid', () => {
    const volume = ramp()
    const crop = cropAt(volume, voxelToRasMm(volume.affine, [10, 20, 30]), [3, 3, 3], volume.spacingMm)
    expect(crop[0]).toBeCloseTo(volume.hu[(9 * 40 + 19) * 50 + 29], 3)
    expect(crop[26]).toBeCloseTo(volume.hu[(11 * 40 + 21) * 50 + 31], 3)
  })

  it('averages where it downsamples', () => {
    const shape: Triple = [8, 8, 64]
    const hu = Int16Array.from({ length: 8 * 8 * 64 }, (_, i) => (i % 2 === 0 ? -500 : 500))
    const volume: Volume = {
      shape,
      spacingMm: [1, 1, 0.5],
      affine: [0.5, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      hu,
    }
    const crop = cropAt(volume, [15, 4, 4], [3, 3, 3], [1, 1, 1])
    for (const value of crop) expect(Math.abs(value)).toBeLessThan(1e-3)
  })

  it('is air outside the scan', () => {
    const volume = ramp()
    const crop = cropAt(volume, [500, 500, 500], [4, 4, 4], [1, 1, 1])
    expect([...new Set(crop)]).toEqual([-1024])
  })
})
