import { describe, expect, test } from 'vitest'
import { edgeLetters, makeTile, pixelOf, voxelAt } from './frame.ts'
import type { Whd } from './frame.ts'

// A radiological axial view of a 100×80×40 volume in a 200×160 px tile at (10, 20): the patient's right on the left.
const dims: Whd = [100, 80, 40]
const rect = { left: 10, top: 20, width: 200, height: 160 }
const radiological = (x: number, y: number) => [1 - (x - 10) / 200, 1 - (y - 20) / 160, 0.5]
const tile = makeTile('axial', rect, [50, 40, 20], dims, radiological)

describe('a tile, read from how pixels map to voxels', () => {
  test('the letters follow the mapping: right on the left, anterior on top', () => {
    expect(edgeLetters(tile)).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' })
  })
  test('a neurological mapping is labelled as what it is', () => {
    const mirrored = makeTile('axial', rect, [50, 40, 20], dims, (x, y) => [
      (x - 10) / 200,
      1 - (y - 20) / 160,
      0.5,
    ])
    expect(edgeLetters(mirrored).left).toBe('L')
  })
  test('coronal and sagittal views carry superior on top', () => {
    const coronal = makeTile('coronal', rect, [50, 40, 20], dims, (x, y) => [1 - x / 220, 0.5, 1 - y / 180])
    expect(edgeLetters(coronal)).toEqual({ left: 'R', right: 'L', top: 'S', bottom: 'I' })
    const sagittal = makeTile('sagittal', rect, [50, 40, 20], dims, (x, y) => [0.5, x / 220, 1 - y / 180])
    expect(edgeLetters(sagittal)).toEqual({ left: 'P', right: 'A', top: 'S', bottom: 'I' })
  })
  test('slices count from one', () => {
    expect([tile.slice, tile.sliceCount]).toEqual([21, 40])
  })
  test('the voxel under a pixel and the pixel of a voxel are each other’s inverse', () => {
    const voxel: Whd = [37, 61, 20]
    const { x, y } = pixelOf(tile, voxel, dims)
    expect(voxelAt(tile, x, y, dims)).toEqual(voxel)
  })
  test('outside of the volume there is no voxel', () => {
    expect(voxelAt(tile, 9, 100, dims)).toBeUndefined()
  })
})
