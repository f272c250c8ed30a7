import { describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { drawMask, maskFromAttention } from './masks.ts'
import { hiddenTokens, type Masking } from './options.ts'
import { microOptions } from './testSupport.ts'

const grid = [4, 4, 4]
const N = 64

function tokensOf(mask: ArrayLike<number>): number[] {
  return Array.from({ length: N }, (_, token) => token).filter(token => mask[token] === 1)
}

/** An attention map in which token n has rank `ranks[n]`, 0 the most attended. */
function mapOfRanks(ranks: readonly number[]): tf.Tensor {
  return tf.tensor2d([ranks.map(rank => 1 / (2 + rank))])
}

describe('the masks of a step', () => {
  const attended = Array.from({ length: N }, (_, n) => (n * 37) % N)

  it.each<Masking>(['attention', 'low-attention', 'random', 'cube', 'block'])(
    'by %s hide r − s of the tokens: 38 of 64',
    masking => {
      const options = microOptions({ masking })
      // ⌊0.7·64⌋ − ⌊0.1·64⌋ = 44 − 6 (SPEC 4).
      expect(hiddenTokens(options, N)).toBe(38)
      const mask = masking.includes('attention')
        ? maskFromAttention(mapOfRanks(attended), grid, grid, options).dataSync()
        : drawMask(options, grid, 1, 3)
      expect(tokensOf(mask)).toHaveLength(38)
    },
  )

  it('hide the most attended tokens below the hints, or the least attended', () => {
    const hiddenRanks = (masking: Masking) =>
      tokensOf(maskFromAttention(mapOfRanks(attended), grid, grid, microOptions({ masking })).dataSync())
        .map(token => attended[token])
        .sort((a, b) => a - b)
    expect(hiddenRanks('attention')).toEqual(Array.from({ length: 38 }, (_, i) => 6 + i))
    expect(hiddenRanks('low-attention')).toEqual(Array.from({ length: 38 }, (_, i) => 26 + i))
  })

  it('take the mean of a finer stage and repeat a coarser one', () => {
    const options = microOptions({ maskRatio: 0.5, hintRatio: 0 })
    // Stage 2 on an 8³ grid: the tokens of the first half along D are the most attended.
    const fine = tf.tensor2d([Array.from({ length: 512 }, (_, n) => (n < 256 ? 0.9 : 0.1))])
    expect(tokensOf(maskFromAttention(fine, [8, 8, 8], grid, options).dataSync())).toEqual(
      Array.from({ length: 32 }, (_, i) => i),
    )
    // Stage 4 on a 2³ grid: its last token covers the eight tokens of the last corner.
    const coarse = tf.tensor2d([Array.from({ length: 8 }, (_, n) => (n === 7 ? 0.9 : 0.1))])
    const corner = maskFromAttention(
      coarse,
      [2, 2, 2],
      grid,
      microOptions({ maskRatio: 1 / 8, hintRatio: 0 }),
    )
    expect(tokensOf(corner.dataSync())).toEqual([42, 43, 46, 47, 58, 59, 62, 63])
  })

  it.each<Masking>(['random', 'cube', 'block'])(
    'by %s follow from seed and pass, and differ between rows',
    masking => {
      const options = microOptions({ masking })
      const first = drawMask(options, grid, 2, 5)
      expect(drawMask(options, grid, 2, 5)).toEqual(first)
      expect(drawMask(options, grid, 2, 6)).not.toEqual(first)
      expect(drawMask({ ...options, seed: 2 }, grid, 2, 5)).not.toEqual(first)
      expect(first.slice(0, N)).not.toEqual(first.slice(N))
    },
  )

  it('in cubes hide cubes of 16³ voxels: of a crop of 32³ four of eight, and six tokens of a fifth', () => {
    // ⌊0.7·64⌋ − ⌊0.1·64⌋ = 38 = 4 · 8 + 6 tokens of 8³ voxels; the cubes are those of SMIT's grid of 16 voxels.
    for (let pass = 0; pass < 10; pass++) {
      const counts = new Map<number, number>()
      for (const token of tokensOf(drawMask(microOptions({ masking: 'cube' }), grid, 1, pass))) {
        const [d, h, w] = [token >> 4, (token >> 2) & 3, token & 3].map(place => place >> 1)
        const cube = (d * 2 + h) * 2 + w
        counts.set(cube, (counts.get(cube) ?? 0) + 1)
      }
      expect([...counts.values()].sort((a, b) => b - a)).toEqual([8, 8, 8, 8, 6])
    }
  })

  it('in boxes have more neighbours that are both hidden than masks at random', () => {
    const neighbours = (masking: Masking) => {
      let pairs = 0
      for (let pass = 0; pass < 20; pass++) {
        const mask = drawMask(microOptions({ masking }), grid, 1, pass)
        for (let n = 0; n < N; n++) if (n % 4 < 3 && mask[n] === 1 && mask[n + 1] === 1) pairs++
      }
      return pairs
    }
    expect(neighbours('block')).toBeGreaterThan(1.1 * neighbours('random'))
  })

  it('are empty when nothing is to be hidden', () => {
    expect(tokensOf(drawMask(microOptions({ masking: 'none' }), grid, 1, 0))).toEqual([])
  })
})
