import { describe, expect, it } from 'vitest'
import { Random } from '../../phantom/random.ts'
import { CasePool } from './casePool.ts'
import { joinSources, phantomSource, volumeCase } from './cases.ts'
import { microRecipe, testSource, testVolume } from './testSupport.ts'
import { caseOfCrop, createViewStream } from './viewStream.ts'

/** Bit for bit; toEqual takes seconds for arrays of this size. */
function isSame(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

const plan = { lanes: 2, cropsPerCase: 4, bankSize: 4, usesPerCrop: 2 }
const extent = { shape: microRecipe.cropShape, spacingMm: microRecipe.spacingMm }

function streamOf(seed: number, budgetBytes = 1e9, opened: number[] = []) {
  const source = testSource(
    [1, 2, 3, 4].map(n => testVolume(n)),
    opened,
  )
  const pool = new CasePool(source, budgetBytes)
  const views = createViewStream({ pool, caseCount: 4, recipe: microRecipe, plan, batch: 2, seed })
  return { pool, views }
}

describe('the order of cases', () => {
  it('gives every case the same number of crops in a round, a few cases in turn', () => {
    const counts = new Map<number, number>()
    const many = { lanes: 3, cropsPerCase: 6 }
    for (let k = 0; k < 3 * 6 * 70; k++) {
      const index = caseOfCrop(k, 7, 1, { ...plan, ...many })
      counts.set(index, (counts.get(index) ?? 0) + 1)
    }
    // 30 rounds of 7 cases of 6 crops, but for lanes that begin in the middle of a turn.
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    for (const count of counts.values()) expect(Math.abs(count - 180)).toBeLessThanOrEqual(12)
    const inTurn = new Set(Array.from({ length: 6 }, (_, i) => caseOfCrop(300 + i, 100, 1, plan)))
    expect(inTurn.size).toBeLessThanOrEqual(plan.lanes + 1)
  })
})

describe('the images of a run', () => {
  it('follow from seed and pass alone, whatever was drawn before', async () => {
    const { views } = streamOf(1)
    const later = await views(9)
    await views(3)
    expect(isSame(await streamOf(1).views(9), later)).toBe(true)
    expect(isSame(await streamOf(2).views(9), later)).toBe(false)
  })

  it('are the same with memory for one volume alone as for all, only opened more often', async () => {
    const roomy: number[] = []
    const tight: number[] = []
    const bytes = testVolume(1).hu.byteLength
    const [all, one] = [streamOf(1, 1e9, roomy), streamOf(1, bytes, tight)]
    for (let pass = 0; pass < 8; pass++)
      expect(isSame(await one.views(pass), await all.views(pass))).toBe(true)
    expect(one.pool.bytes).toBeLessThanOrEqual(bytes)
    const sum = (counts: number[]) => counts.reduce((total, count) => total + (count ?? 0), 0)
    expect(sum(tight)).toBeGreaterThan(sum(roomy))
    expect(Math.max(...roomy.filter(Boolean))).toBe(1)
  })

  it('are two different views of each crop, in the range of the network', async () => {
    const images = await streamOf(1).views(0)
    const voxels = 32 ** 3
    expect(images).toHaveLength(4 * voxels)
    const [u, v] = [images.slice(0, voxels), images.slice(2 * voxels, 3 * voxels)]
    expect(isSame(u, v)).toBe(false)
    expect(images.every(value => value >= -1 && value <= 1)).toBe(true)
  })
})

describe('a case', () => {
  it('is refused in a sentence when it is smaller than a crop', async () => {
    const small = volumeCase(testVolume(1, [40, 40, 20]), extent, { name: 'Volume 1', synthetic: true })
    await expect(small).rejects.toThrow(
      /Volume 1 measures 40 × 40 × 20 mm, less than a crop of 32 × 32 × 32 mm/,
    )
  })

  it('is refused in a sentence when its spacing is missing', async () => {
    const without = { ...testVolume(1), spacingMm: [NaN, 1, 1] as const }
    await expect(volumeCase(without, extent, { name: 'Volume 1', synthetic: true })).rejects.toThrow(
      /does not say its spacing/,
    )
  })

  it('is refused in a sentence when it alone is beyond the memory', async () => {
    await expect(streamOf(1, 1000).views(0)).rejects.toThrow(/takes 0 MB of memory, but the run may use 0 MB/)
  })

  it('is known by its content, not by its place', async () => {
    const open = (seed: number) => volumeCase(testVolume(seed), extent, { name: 'x', synthetic: false })
    const [first, again, other] = [await open(1), await open(1), await open(2)]
    expect(again.identity).toBe(first.identity)
    expect(other.identity).not.toBe(first.identity)
    expect(first.identity).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it('of a split of phantoms is painted crop by crop and says that it is synthetic', async () => {
    const source = joinSources([testSource([testVolume(1)]), phantomSource('val')])
    expect(source.count).toBe(201)
    const phantom = await source.open(2)
    expect(phantom.identity).toBe('phantom-v1:10001')
    expect(phantom.synthetic).toBe(true)
  })

  it('of phantoms are of the whole chest, where not asked for in the lungs, and seldom air', async () => {
    const meanHu = (hu: Float32Array) => hu.reduce((sum, value) => sum + value, 0) / hu.length
    const means = async (from?: 'lungs') => {
      const phantom = await phantomSource('val', from).open(0)
      return Array.from({ length: 16 }, (_, at) =>
        meanHu(phantom.crop([16, 16, 16], [2, 2, 2], new Random(1, at))),
      )
    }
    const [chest, lungs] = [await means(), await means('lungs')]
    expect(await means()).toEqual(chest)
    // More soft tissue than lung in a crop; in the lungs that is seen at most beside the wall.
    const isSolid = (mean: number) => mean > -200
    expect(chest.filter(isSolid).length).toBeGreaterThan(lungs.filter(isSolid).length + 2)
    expect(chest.filter(mean => mean < -500).length).toBeGreaterThan(3)
    expect(Math.min(...chest)).toBeGreaterThan(-975)
  })
})
