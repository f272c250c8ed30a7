import { describe, expect, it } from 'vitest'
import { voxelToRasMm } from '../volume/geometry.ts'
import { cropBox, describeOutside, gridInCrop, readCrop } from './labCrop.ts'
import { classifyEntry } from '../prediction/testModel.ts'

// 40 × 50 × 60 voxels of 2 × 1 × 1.5 mm; voxel (0,0,0) at RAS (−45, −25, −40).
const volume = {
  shape: [40, 50, 60] as const,
  spacingMm: [2, 1, 1.5] as const,
  affine: [1.5, 0, 0, -45, 0, 1, 0, -25, 0, 0, 2, -40, 0, 0, 0, 1],
  hu: new Int16Array(40 * 50 * 60),
}
const crop = { centreRasMm: [0, 0, 0], shape: [32, 32, 32], spacingMm: [1, 1, 1] } as const

describe('a region of the lab', () => {
  it('covers its millimetres around its centre, in voxels counted from their edges', () => {
    // Centre at voxel (20, 25, 30), its middle at 20.5, 25.5, 30.5 from the edges; half of 32 mm is 8, 16, 10.67 voxels.
    const { low, high } = cropBox(volume, crop)
    ;[12.5, 9.5, 30.5 - 32 / 3].forEach((edge, axis) => expect(low[axis]).toBeCloseTo(edge, 9))
    ;[28.5, 41.5, 30.5 + 32 / 3].forEach((edge, axis) => expect(high[axis]).toBeCloseTo(edge, 9))
  })

  it('is filled by token grids whose cells lie where the voxels they stand for lie', () => {
    const tokens = gridInCrop(volume, crop, [4, 4, 4])
    expect(tokens.spacingMm.map(mm => Number(mm.toFixed(9)))).toEqual([8, 8, 8])
    const near = (point: readonly number[], mm: readonly number[]) =>
      point.forEach((value, axis) => expect(value).toBeCloseTo(mm[axis], 9))
    near(voxelToRasMm(tokens.affine, [0, 0, 0]), [-12, -12, -12])
    near(voxelToRasMm(tokens.affine, [3, 0, 1]), [-4, -12, 12])
  })

  it('says when it reaches beyond the scan or is larger than it', () => {
    expect(describeOutside(volume, crop)).toBeUndefined()
    expect(describeOutside(volume, { ...crop, centreRasMm: [40, 0, 0] })).toContain('reaches beyond the scan')
    expect(describeOutside(volume, { ...crop, shape: [96, 96, 96] })).toContain('is larger than this scan')
  })

  it('is read as the network eats it, and refused where it touches no scan', () => {
    const image = readCrop(volume, crop, classifyEntry)
    expect(image).toHaveLength(32 ** 3)
    // 0 HU in a window from −1000 to 400 mapped to 0…1.
    image.forEach(value => expect(value).toBeCloseTo(1000 / 1400, 5))
    expect(() => readCrop(volume, { ...crop, centreRasMm: [500, 0, 0] }, classifyEntry)).toThrow(
      'outside of this scan',
    )
  })
})
