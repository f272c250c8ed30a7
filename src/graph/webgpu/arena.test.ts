import { describe, expect, it } from 'vitest'
import { placeItems, type Item, type Place } from './arena.ts'

const limits = { alignment: 256, mostBufferBytes: 2 ** 20 }

/** Reproducible numbers in [0, 1). */
function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed, 2654435761) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Values of a random graph: each node reads up to three values of before and writes one, which lives until its last reader. */
function randomItems(seed: number): Item[] {
  const random = randomNumbers(seed)
  const count = 5 + Math.floor(60 * random())
  const items = Array.from({ length: count }, (_, at) => ({
    bytes: 4 + 4 * Math.floor(random() ** 3 * 20_000),
    first: at,
    last: at,
    apart: new Set<number>(),
  }))
  items.forEach((item, at) => {
    for (let k = 0; k < 3 && at > 0; k++) {
      const source = Math.floor(random() * at)
      items[source].last = at
      items[source].apart.add(at)
      item.apart.add(source)
    }
  })
  return items
}

const seeds = Array.from({ length: 200 }, (_, seed) => seed + 1)

/** Pairs of items with the property, over all random graphs. */
function findPairs(
  isWrong: (items: readonly Item[], places: readonly Place[], a: number, b: number) => boolean,
) {
  return seeds.flatMap(seed => {
    const items = randomItems(seed)
    const { places } = placeItems(items, limits)
    return items.flatMap((_, a) =>
      items
        .slice(0, a)
        .flatMap((_other, b) => (isWrong(items, places, a, b) ? [`seed ${seed}: ${a}, ${b}`] : [])),
    )
  })
}

describe('the arena', () => {
  it('never lets values that live at the same time share a byte, whatever the graph', () => {
    const shared = findPairs((items, places, a, b) => {
      const areAlive = items[a].first <= items[b].last && items[b].first <= items[a].last
      const startsBelow = (x: number, y: number) => places[x].offset < places[y].offset + items[y].bytes
      return areAlive && places[a].buffer === places[b].buffer && startsBelow(a, b) && startsBelow(b, a)
    })
    expect(shared).toEqual([])
  })

  it('never writes a value into a buffer that is read for it', () => {
    const together = findPairs(
      (items, places, a, b) => items[a].apart.has(b) && places[a].buffer === places[b].buffer,
    )
    expect(together).toEqual([])
  })

  it('keeps every value inside its buffer, where a binding may begin', () => {
    for (const seed of seeds) {
      const items = randomItems(seed)
      const { places, bufferBytes } = placeItems(items, limits)
      expect(places.every(({ offset }) => offset % limits.alignment === 0)).toBe(true)
      expect(places.every(({ buffer, offset }, at) => offset + items[at].bytes <= bufferBytes[buffer])).toBe(
        true,
      )
    }
  })

  it('needs two buffers of one value each for a chain of any length', () => {
    const chain = Array.from({ length: 50 }, (_, at) => ({
      ...{ bytes: 1024, first: at, last: at + 1 },
      apart: new Set([at - 1, at + 1].filter(other => other >= 0 && other < 50)),
    }))
    expect(placeItems(chain, limits).bufferBytes).toEqual([1024, 1024])
  })

  it('begins another buffer where one would grow beyond the device’s limit', () => {
    const items = Array.from({ length: 3 }, () => ({
      bytes: 600_000,
      first: 0,
      last: 0,
      apart: new Set<number>(),
    }))
    expect(placeItems(items, limits).bufferBytes).toHaveLength(3)
  })

  it('refuses a value that no buffer can hold, in a sentence', () => {
    const item = { bytes: 2 ** 21, first: 0, last: 0, apart: new Set<number>() }
    expect(() => placeItems([item], limits)).toThrow(/2097152 bytes is larger .* smaller tiles/)
  })
})
