import { describe, expect, it } from 'vitest'
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { boundingBox, gaussianWeights, planTiles, readTile, spreadOrigins } from './tiles.ts'

/** Deterministic pseudo-random numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32
}

describe('spreadOrigins', () => {
  it('covers the range exactly, with at least the asked overlap', () => {
    for (const [low, high, size, overlap] of [
      [0, 100, 32, 0.25],
      [7, 300, 64, 0.5],
      [0, 33, 32, 0],
      [5, 69, 64, 0.9],
    ]) {
      const origins = spreadOrigins(low, high, size, overlap)
      expect(origins[0]).toBe(low)
      expect(origins[origins.length - 1] + size).toBe(high)
      for (let i = 1; i < origins.length; i++) {
        expect(origins[i - 1] + size - origins[i]).toBeGreaterThanOrEqual(Math.ceil(size * overlap))
      }
    }
  })

  it('centres one tile on a range shorter than it', () => {
    expect(spreadOrigins(10, 20, 32, 0.25)).toEqual([-1])
  })
})

describe('planTiles', () => {
  const shape: Triple = [50, 70, 90]
  const tileShape: Triple = [16, 24, 32]

  it('covers every voxel of a scattered mask, and no tile is without one', () => {
    const next = random(1)
    const mask = Uint8Array.from({ length: voxelCount(shape) }, () => (next() < 0.0005 ? 1 : 0))
    const origins = planTiles(mask, shape, tileShape, 0.25)
    const covered = new Uint8Array(mask.length)
    for (const [d0, h0, w0] of origins) {
      let count = 0
      for (let d = Math.max(0, d0); d < Math.min(shape[0], d0 + tileShape[0]); d++)
        for (let h = Math.max(0, h0); h < Math.min(shape[1], h0 + tileShape[1]); h++)
          for (let w = Math.max(0, w0); w < Math.min(shape[2], w0 + tileShape[2]); w++) {
            const i = (d * shape[1] + h) * shape[2] + w
            covered[i] = 1
            count += mask[i]
          }
      expect(count).toBeGreaterThan(0)
    }
    expect(mask.every((value, i) => value === 0 || covered[i] === 1)).toBe(true)
  })

  it('lays one tile on a small mask and none on an empty one', () => {
    const mask = new Uint8Array(voxelCount(shape))
    expect(planTiles(mask, shape, tileShape, 0.25)).toEqual([])
    mask[(25 * 70 + 35) * 90 + 45] = 1
    expect(planTiles(mask, shape, tileShape, 0.25)).toEqual([[17, 23, 29]])
  })
})

describe('boundingBox', () => {
  it('is half open and restricted to the given box', () => {
    const shape: Triple = [4, 5, 6]
    const mask = new Uint8Array(voxelCount(shape))
    mask[(1 * 5 + 2) * 6 + 3] = 1
    mask[(3 * 5 + 4) * 6 + 0] = 1
    expect(boundingBox(mask, shape)).toEqual({ low: [1, 2, 0], high: [4, 5, 4] })
    expect(boundingBox(mask, shape, { low: [0, 0, 0], high: [3, 5, 6] })).toEqual({
      low: [1, 2, 3],
      high: [2, 3, 4],
    })
    expect(boundingBox(mask, shape, { low: [0, 0, 0], high: [1, 5, 6] })).toBeNull()
  })
})

describe('gaussianWeights', () => {
  it('is symmetric, largest in the middle and positive in the corners', () => {
    const weights = gaussianWeights([8, 8, 8])
    expect(weights[0]).toBeGreaterThan(0)
    expect(weights[0]).toBeCloseTo(weights[511], 12)
    expect(Math.max(...weights)).toBe(weights[(3 * 8 + 4) * 8 + 3])
  })
})

describe('readTile', () => {
  it('pads what lies outside the volume', () => {
    const source = Int16Array.from({ length: 8 }, (_, i) => i + 1)
    expect([...readTile(source, [2, 2, 2], [-1, 0, 1], [2, 2, 2], -1024)]).toEqual([
      -1024, -1024, -1024, -1024, 2, -1024, 4, -1024,
    ])
  })
})
