// k-means with k-means++ seeding (Lloyd 1982; Arthur & Vassilvitskii 2007), seeded, so that the same features give the same
// clusters. Clusters are numbered by size, the largest first.
import { InputError, throwIfCancelled } from '../base/errors.ts'
import { Random } from '../phantom/random.ts'

/** n rows of `width` numbers, one after the other. */
export interface Rows {
  readonly width: number
  readonly values: Float32Array
}

export interface Clustering {
  /** Cluster of each row, 0-based. */
  readonly clusters: Uint8Array
  readonly sizes: readonly number[]
  /** [k, width] */
  readonly centroids: Float64Array
  readonly iterations: number
}

export interface KMeansOptions {
  readonly k: number
  readonly seed: number
  readonly signal?: AbortSignal
  /** Called between passes over the rows; may let messages in. */
  readonly onPass?: (done: number, total: number) => Promise<void> | void
}

export const countRows = ({ width, values }: Rows): number => values.length / width

const mostIterations = 100
/** Stream of the seed that k-means draws from. */
const stream = 61

function squaredDistance(
  a: ArrayLike<number>,
  aFrom: number,
  b: ArrayLike<number>,
  bFrom: number,
  width: number,
) {
  let sum = 0
  for (let i = 0; i < width; i++) {
    const difference = a[aFrom + i] - b[bFrom + i]
    sum += difference * difference
  }
  return sum
}

/** The first centroid by chance, each further one with a chance that grows with the squared distance to the nearest. */
function seedCentroids({ width, values }: Rows, k: number, random: Random): Float64Array {
  const n = values.length / width
  const centroids = new Float64Array(k * width)
  const nearest = new Float64Array(n).fill(Infinity)
  let chosen = random.below(n)
  for (let c = 0; c < k; c++) {
    centroids.set(values.subarray(chosen * width, (chosen + 1) * width), c * width)
    let total = 0
    for (let row = 0; row < n; row++) {
      nearest[row] = Math.min(nearest[row], squaredDistance(values, row * width, centroids, c * width, width))
      total += nearest[row]
    }
    let left = random.uniform() * total
    chosen = 0
    while (chosen < n - 1 && (left -= nearest[chosen]) > 0) chosen++
  }
  return centroids
}

/** Each row to its nearest centroid; how many changed, and which row lies farthest from its own. */
function assign({ width, values }: Rows, centroids: Float64Array, clusters: Uint8Array) {
  const k = centroids.length / width
  let [changed, farthest, most] = [0, 0, -1]
  for (let row = 0; row < clusters.length; row++) {
    let [best, least] = [0, Infinity]
    for (let c = 0; c < k; c++) {
      const distance = squaredDistance(values, row * width, centroids, c * width, width)
      if (distance < least) [best, least] = [c, distance]
    }
    if (clusters[row] !== best) changed++
    clusters[row] = best
    if (least > most) [farthest, most] = [row, least]
  }
  return { changed, farthest }
}

/** Means of the clusters; an empty one begins anew at `spare`, the row that is farthest from its centroid. */
function moveCentroids(
  { width, values }: Rows,
  clusters: Uint8Array,
  k: number,
  spare: number,
): Float64Array {
  const sums = new Float64Array(k * width)
  const sizes = new Float64Array(k)
  clusters.forEach((cluster, row) => {
    sizes[cluster]++
    for (let i = 0; i < width; i++) sums[cluster * width + i] += values[row * width + i]
  })
  for (let c = 0; c < k; c++)
    for (let i = 0; i < width; i++)
      sums[c * width + i] = sizes[c] > 0 ? sums[c * width + i] / sizes[c] : values[spare * width + i]
  return sums
}

function renumber(
  clusters: Uint8Array,
  centroids: Float64Array,
  width: number,
  iterations: number,
): Clustering {
  const k = centroids.length / width
  const sizes = new Array<number>(k).fill(0)
  clusters.forEach(cluster => sizes[cluster]++)
  const order = [...sizes.keys()].sort((a, b) => sizes[b] - sizes[a] || a - b)
  const rank = order.reduce((ranks, cluster, at) => ranks.with(cluster, at), new Array<number>(k).fill(0))
  const moved = new Float64Array(centroids.length)
  order.forEach((from, to) => moved.set(centroids.subarray(from * width, (from + 1) * width), to * width))
  return {
    clusters: clusters.map(cluster => rank[cluster]),
    sizes: order.map(cluster => sizes[cluster]),
    centroids: moved,
    iterations,
  }
}

/**
 * Clusters rows by squared Euclidean distance.
 * @throws InputError when k is no whole number from 2 to 32 or there are fewer rows; CancelledError.
 */
export async function kMeans(rows: Rows, options: KMeansOptions): Promise<Clustering> {
  const { k, seed, signal, onPass } = options
  const n = countRows(rows)
  if (!Number.isInteger(k) || k < 2 || k > 32)
    throw new InputError(`${k} clusters were asked for; choose a whole number from 2 to 32.`)
  if (n < k)
    throw new InputError(
      `${k} clusters were asked for, but there are only ${n} tokens; choose fewer clusters or a larger part of the scan.`,
    )
  let centroids = seedCentroids(rows, k, new Random(seed, stream))
  const clusters = new Uint8Array(n).fill(255)
  let iterations = 0
  while (iterations < mostIterations) {
    await onPass?.(iterations, mostIterations)
    throwIfCancelled(signal, 'The clustering')
    const { changed, farthest } = assign(rows, centroids, clusters)
    if (changed === 0) break
    centroids = moveCentroids(rows, clusters, k, farthest)
    iterations++
  }
  return renumber(clusters, centroids, rows.width, iterations)
}
