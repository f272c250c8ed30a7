// Token features in two dimensions: UMAP (McInnes 2018) by umap-js, on exact nearest neighbours, with seeded chance, so that the
// same tokens give the same picture. Distances in the picture are not distances between features.
import { UMAP } from 'umap-js'
import { InputError, throwIfCancelled } from '../base/errors.ts'
import { Random } from '../phantom/random.ts'
import { countRows, type Rows } from './kMeans.ts'

export interface EmbeddingOptions {
  readonly seed: number
  /** 15 where left out: UMAP's default. */
  readonly neighbours?: number
  /** 300 where left out. */
  readonly epochs?: number
  readonly signal?: AbortSignal
  /** Called between steps; lets messages in. `done` of `total` is a share of the work. */
  readonly onStep?: (done: number, total: number) => Promise<void> | void
}

/** Streams of the seed that UMAP and the choice of tokens draw from. */
const streams = { umap: 62, choice: 63 }

/** Finding neighbours counts as this many epochs in the progress. */
const neighbourShare = 60
/** Rows whose neighbours are sought between two looks at the cancel signal. */
const rowsAtOnce = 200
const epochsAtOnce = 5

/** The `count` nearest rows of rows `from` … `to`, themselves first. */
function nearestOf({ width, values }: Rows, from: number, to: number, count: number) {
  const n = values.length / width
  const indices: number[][] = []
  const distances: number[][] = []
  const all = new Float64Array(n)
  for (let row = from; row < to; row++) {
    for (let other = 0; other < n; other++) {
      let sum = 0
      for (let i = 0; i < width; i++) sum += (values[row * width + i] - values[other * width + i]) ** 2
      all[other] = sum
    }
    const near = smallest(all, count, row)
    indices.push(near)
    distances.push(near.map(other => Math.sqrt(all[other])))
  }
  return { indices, distances }
}

/** Indices of the `count` smallest values in rising order; `first` leads whatever else is 0. */
function smallest(values: Float64Array, count: number, first: number): number[] {
  const kept = [first]
  for (let i = 0; i < values.length; i++) {
    if (i === first || (kept.length === count && values[i] >= values[kept[count - 1]])) continue
    let at = kept.length
    while (at > 1 && values[kept[at - 1]] > values[i]) at--
    kept.splice(at, 0, i)
    if (kept.length > count) kept.pop()
  }
  return kept
}

/**
 * Coordinates [n, 2] of the rows.
 * @throws InputError when there are hardly more rows than neighbours; CancelledError.
 */
export async function embed(rows: Rows, options: EmbeddingOptions): Promise<Float32Array> {
  const { seed, neighbours = 15, epochs = 300, signal, onStep } = options
  const n = countRows(rows)
  if (n < neighbours + 2)
    throw new InputError(
      `The map needs more than ${neighbours + 1} tokens, there are ${n}; take a larger part of the scan or an earlier stage.`,
    )
  const total = neighbourShare + epochs
  const indices: number[][] = []
  const distances: number[][] = []
  for (let row = 0; row < n; row += rowsAtOnce) {
    await onStep?.((neighbourShare * row) / n, total)
    throwIfCancelled(signal, 'The map')
    const near = nearestOf(rows, row, Math.min(n, row + rowsAtOnce), neighbours)
    indices.push(...near.indices)
    distances.push(...near.distances)
  }
  const random = new Random(seed, streams.umap)
  const umap = new UMAP({
    nNeighbors: neighbours,
    nEpochs: epochs,
    minDist: 0.1,
    random: () => random.uniform(),
  })
  umap.setPrecomputedKNN(indices, distances)
  // Only its length counts, the neighbours being known.
  umap.initializeFit(indices)
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (epoch % epochsAtOnce === 0) {
      await onStep?.(neighbourShare + epoch, total)
      throwIfCancelled(signal, 'The map')
    }
    umap.step()
  }
  return Float32Array.from(umap.getEmbedding().flat())
}

/** `count` of `n` rows without repetition, in rising order; all where there are no more. */
export function chooseRows(n: number, count: number, seed: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  if (n <= count) return order
  const random = new Random(seed, streams.choice)
  for (let i = 0; i < count; i++) {
    const other = i + random.below(n - i)
    ;[order[i], order[other]] = [order[other], order[i]]
  }
  return order.slice(0, count).sort()
}

/** The chosen rows as a table of their own. */
export function takeRows({ width, values }: Rows, chosen: Int32Array): Rows {
  const taken = new Float32Array(chosen.length * width)
  chosen.forEach((row, i) => taken.set(values.subarray(row * width, (row + 1) * width), i * width))
  return { width, values: taken }
}
