import { describe, expect, it } from 'vitest'
import type { Triple } from '../base/shape.ts'
import { floodFrom, hysteresis, labelComponents } from './components.ts'

const shape: Triple = [3, 4, 5]
const at = (d: number, h: number, w: number) => (d * 4 + h) * 5 + w

function maskOf(...indices: number[]): Uint8Array {
  const mask = new Uint8Array(60)
  for (const index of indices) mask[index] = 1
  return mask
}

describe('labelComponents', () => {
  it('joins faces, not edges, and does not wrap around rows or slices', () => {
    const mask = maskOf(at(0, 0, 4), at(0, 1, 0), at(1, 2, 2), at(2, 2, 2), at(2, 3, 3), at(0, 3, 4))
    const { labels, sizes } = labelComponents(mask, shape)
    expect(sizes).toEqual([0, 1, 1, 1, 2, 1])
    expect(labels[at(1, 2, 2)]).toBe(labels[at(2, 2, 2)])
  })
})

describe('floodFrom', () => {
  it('reaches what is connected to a seed and ignores seeds outside the mask', () => {
    const mask = maskOf(at(0, 0, 0), at(0, 0, 1), at(1, 0, 1), at(2, 3, 4))
    const reached = floodFrom([at(0, 0, 0), at(1, 1, 1)], mask, shape)
    expect([...reached.keys()].filter(i => reached[i])).toEqual([at(0, 0, 0), at(0, 0, 1), at(1, 0, 1)])
  })
})

describe('hysteresis', () => {
  it('grows from certain voxels through possible ones, over edges and corners too', () => {
    const values = new Uint8Array(60)
    values[at(0, 0, 0)] = 200
    values[at(1, 1, 1)] = 100
    values[at(2, 3, 4)] = 120 // possible, but connected to no certain voxel
    values[at(0, 3, 4)] = 130
    const found = hysteresis(values, shape, 90, 130, new Uint8Array(60))
    expect(found.map(voxels => [...voxels])).toEqual([[at(0, 0, 0), at(1, 1, 1)], [at(0, 3, 4)]])
  })
})
