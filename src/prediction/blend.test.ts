import { describe, expect, it } from 'vitest'
import type { Grid, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { planTiles } from '../tokens/tiles.ts'
import { createBlend, probabilityOnGrid } from './blend.ts'

describe('createBlend', () => {
  it('blends constant tiles to the constant wherever a tile lies, and 0 elsewhere', () => {
    const shape: Triple = [20, 50, 45]
    const tileShape: Triple = [16, 16, 16]
    const mask = new Uint8Array(voxelCount(shape))
    mask.fill(1, 0, 12 * 50 * 45)
    const origins = planTiles(mask, shape, tileShape, 0.25)
    const blend = createBlend(shape, tileShape)
    for (const origin of origins) blend.add(origin, new Float32Array(4096).fill(0.37))
    const mean = blend.finish()
    for (let i = 0; i < 12 * 50 * 45; i++) expect(Math.abs(mean[i] - 0.37)).toBeLessThan(1e-6)
    expect(mean[mean.length - 1]).toBe(0)
  })

  it('gives the tile whose middle is nearer the greater say', () => {
    const blend = createBlend([8, 8, 12], [8, 8, 8])
    blend.add([0, 0, 0], new Float32Array(512).fill(0))
    blend.add([0, 0, 4], new Float32Array(512).fill(1))
    const row = blend.finish().subarray((4 * 8 + 4) * 12, (4 * 8 + 5) * 12)
    expect(row[3]).toBe(0)
    expect(row[4]).toBeLessThan(0.05)
    // The overlap is voxels 4…7, its middle 5.5: both tiles count the same on either side of it.
    expect(row[5] + row[6]).toBeCloseTo(1, 5)
    expect(row[7]).toBeGreaterThan(0.95)
    expect(row[11]).toBe(1)
  })
})

describe('probabilityOnGrid', () => {
  const from: Grid = {
    shape: [10, 12, 14],
    spacingMm: [2, 2, 2],
    affine: [2, 0, 0, 10, 0, 2, 0, 20, 0, 0, 2, 30, 0, 0, 0, 1],
  }

  it('reads a linear field exactly on a finer, shifted grid', () => {
    const to: Grid = {
      shape: [20, 30, 40],
      spacingMm: [0.8, 0.5, 0.6],
      affine: [0.6, 0, 0, 10.3, 0, 0.5, 0, 21.1, 0, 0, 0.8, 31.7, 0, 0, 0, 1],
    }
    const field = (x: number, y: number, z: number) => (x - 10 + 2 * (y - 20) + (z - 30)) / 100
    const data = Float32Array.from({ length: voxelCount(from.shape) }, (_, i) =>
      field(10 + 2 * (i % 14), 20 + 2 * (Math.floor(i / 14) % 12), 30 + 2 * Math.floor(i / 168)),
    )
    const out = probabilityOnGrid(data, from, to)
    for (let i = 0; i < out.length; i++) {
      const x = 10.3 + 0.6 * (i % 40)
      const y = 21.1 + 0.5 * (Math.floor(i / 40) % 30)
      const z = 31.7 + 0.8 * Math.floor(i / 1200)
      expect(Math.abs(out[i] - 255 * field(x, y, z))).toBeLessThan(0.51)
    }
  })

  it('is 0 more than half a voxel outside', () => {
    const to: Grid = {
      shape: [1, 1, 4],
      spacingMm: [1, 1, 1],
      affine: [1, 0, 0, 7.5, 0, 1, 0, 30, 0, 0, 1, 40, 0, 0, 0, 1],
    }
    const out = probabilityOnGrid(new Float32Array(voxelCount(from.shape)).fill(1), from, to)
    expect([...out]).toEqual([0, 0, 255, 255])
  })
})
