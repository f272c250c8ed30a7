import { describe, expect, it } from 'vitest'
import { CancelledError } from '../base/errors.ts'
import { Random } from '../phantom/random.ts'
import { chooseRows, embed, takeRows } from './embedding.ts'
import { agreement, groupFigures } from './groupFigures.ts'
import { kMeans, type Rows } from './kMeans.ts'

/** Blobs of 5 numbers around (10·b, 0, …), of deviation 1; row i belongs to blob i mod `blobs`. */
function makeBlobs(blobs: number, count: number): Rows {
  const random = new Random(4, 1)
  const width = 5
  const values = Float32Array.from({ length: count * width }, (_, at) => {
    const blob = Math.floor(at / width) % blobs
    return random.normal() + (at % width === 0 ? 10 * blob : 0)
  })
  return { width, values }
}

describe('k-means', () => {
  const rows = makeBlobs(3, 300)

  it('finds blobs that stand apart, and gives the same for the same seed', async () => {
    const one = await kMeans(rows, { k: 3, seed: 7 })
    const again = await kMeans(rows, { k: 3, seed: 7 })
    expect(again).toEqual(one)
    expect(one.sizes).toEqual([100, 100, 100])
    for (let row = 3; row < 300; row++) expect(one.clusters[row]).toBe(one.clusters[row % 3])
    expect(new Set(one.clusters).size).toBe(3)
  })

  it('numbers clusters by size, the largest first, and its centroids are their means', async () => {
    const { clusters, sizes, centroids } = await kMeans(makeBlobs(4, 250), { k: 3, seed: 1 })
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    const values = makeBlobs(4, 250).values
    for (let cluster = 0; cluster < 3; cluster++) {
      const own = Array.from(clusters.keys()).filter(row => clusters[row] === cluster)
      expect(own).toHaveLength(sizes[cluster])
      const mean = own.reduce((sum, row) => sum + values[row * 5], 0) / own.length
      expect(centroids[cluster * 5]).toBeCloseTo(mean, 4)
    }
  })

  it('leaves no cluster empty even where most rows are the same', async () => {
    const values = new Float32Array(40).fill(1)
    values.set([50, 60, 70], 0)
    const { sizes } = await kMeans({ width: 1, values }, { k: 4, seed: 2 })
    expect(sizes).toEqual([37, 1, 1, 1])
  })

  it('refuses too many clusters and too few rows in a sentence', async () => {
    await expect(kMeans(rows, { k: 33, seed: 1 })).rejects.toThrow(/33 clusters .* from 2 to 32/)
    await expect(
      kMeans({ width: 5, values: rows.values.subarray(0, 10) }, { k: 3, seed: 1 }),
    ).rejects.toThrow(/only 2 tokens; choose fewer/)
  })

  it('ends when it is cancelled', async () => {
    const controller = new AbortController()
    const run = kMeans(rows, { k: 3, seed: 1, signal: controller.signal, onPass: () => controller.abort() })
    await expect(run).rejects.toBeInstanceOf(CancelledError)
  })
})

describe('distances within and between groups', () => {
  it('are those of hand-made groups', () => {
    // Group 0: (0,0), (2,0) around (1,0); group 1: (1,3) alone; the last row belongs to none.
    const values = Float32Array.from([0, 0, 2, 0, 1, 3, 99, 99])
    const figures = groupFigures({ width: 2, values }, Uint8Array.from([0, 0, 1, 255]), 3)
    expect(figures.intra).toEqual([1, 0, undefined])
    expect(figures.meanIntra).toBeCloseTo(2 / 3)
    expect(figures.meanInter).toBe(3)
    expect(figures.sizes).toEqual([2, 1, 0])
  })
})

describe('agreement of clusters with labels', () => {
  it('is 1 where a cluster is the label, and counts several clusters of one label together', () => {
    const labels = Uint8Array.from([0, 0, 0, 0, 1, 1, 2, 3])
    const clusters = Uint8Array.from([0, 0, 1, 1, 2, 2, 2, 255])
    const [outside, lung, bone, ...rest] = agreement(clusters, labels, 3, 4)
    expect(rest).toEqual([]) // label 3 has no voxel with a cluster
    // Cluster 0 alone: 2 · 2 / (2 + 4); clusters 0 and 1: all of it.
    expect(outside).toMatchObject({ bestCluster: 0, ownClusters: [0, 1], ownDice: 1, voxels: 4 })
    expect(outside.bestDice).toBeCloseTo(4 / 6)
    expect(lung.bestDice).toBeCloseTo(4 / 5)
    expect(bone).toMatchObject({ bestCluster: 2, ownClusters: [], ownDice: 0 })
    expect(bone.bestDice).toBeCloseTo(2 / 4)
  })
})

describe('the map of features', () => {
  const rows = makeBlobs(3, 120)
  const options = { seed: 5, neighbours: 8, epochs: 100 }

  it('keeps blobs apart that stand apart, and is the same for the same seed', async () => {
    const points = await embed(rows, options)
    expect(await embed(rows, options)).toEqual(points)
    expect(points.every(Number.isFinite)).toBe(true)
    const group = Uint8Array.from({ length: 120 }, (_, row) => row % 3)
    const { meanIntra, meanInter } = groupFigures({ width: 2, values: points }, group, 3)
    expect(meanInter).toBeGreaterThan(3 * meanIntra)
  })

  it('is another for another seed', async () => {
    expect(await embed(rows, { ...options, seed: 6 })).not.toEqual(await embed(rows, options))
  })

  it('refuses fewer tokens than neighbours, and ends when it is cancelled', async () => {
    await expect(embed(makeBlobs(1, 9), options)).rejects.toThrow(/more than 9 tokens, there are 9/)
    const controller = new AbortController()
    const run = embed(rows, {
      ...options,
      signal: controller.signal,
      onStep: done => {
        if (done > 80) controller.abort()
      },
    })
    await expect(run).rejects.toBeInstanceOf(CancelledError)
  })

  it('is made of a fair choice of rows where there are many', () => {
    const chosen = chooseRows(1000, 50, 3)
    expect(new Set(chosen).size).toBe(50)
    expect(Array.from(chosen)).toEqual([...chosen].sort((a, b) => a - b))
    expect(chosen).toEqual(chooseRows(1000, 50, 3))
    expect(chooseRows(3, 50, 3)).toEqual(Int32Array.of(0, 1, 2))
    expect(
      takeRows({ width: 2, values: Float32Array.of(0, 1, 2, 3, 4, 5) }, Int32Array.of(0, 2)).values,
    ).toEqual(Float32Array.of(0, 1, 4, 5))
  })
})
