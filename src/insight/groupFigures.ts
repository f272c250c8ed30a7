// How well groups of tokens (clusters, organs) stand apart in feature space, and how far painted clusters agree with labels.
import type { Rows } from './kMeans.ts'

export interface GroupFigures {
  /** Mean Euclidean distance of a group's tokens to their own mean; undefined for a group without tokens. */
  readonly intra: readonly (number | undefined)[]
  /** The same over all tokens. */
  readonly meanIntra: number
  /** Mean distance between the means of two groups, over all pairs of groups with tokens. */
  readonly meanInter: number
  readonly sizes: readonly number[]
}

/** Distances within and between `count` groups; `group` names each row's, 255 leaves a row out. */
export function groupFigures({ width, values }: Rows, group: Uint8Array, count: number): GroupFigures {
  const sizes = new Array<number>(count).fill(0)
  const means = new Float64Array(count * width)
  group.forEach((one, row) => {
    if (one >= count) return
    sizes[one]++
    for (let i = 0; i < width; i++) means[one * width + i] += values[row * width + i]
  })
  sizes.forEach((size, one) => {
    for (let i = 0; i < width; i++) means[one * width + i] /= Math.max(1, size)
  })
  const sums = new Array<number>(count).fill(0)
  group.forEach((one, row) => {
    if (one < count) sums[one] += distance(values, row * width, means, one * width, width)
  })
  const filled = [...sizes.keys()].filter(one => sizes[one] > 0)
  const between = filled.flatMap((a, i) =>
    filled.slice(i + 1).map(b => distance(means, a * width, means, b * width, width)),
  )
  const mean = (list: readonly number[]) =>
    list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return {
    intra: sums.map((sum, one) => (sizes[one] > 0 ? sum / sizes[one] : undefined)),
    meanIntra: sums.reduce((sum, value) => sum + value, 0) / Math.max(1, total),
    meanInter: mean(between),
    sizes,
  }
}

function distance(
  a: ArrayLike<number>,
  aFrom: number,
  b: ArrayLike<number>,
  bFrom: number,
  width: number,
): number {
  let sum = 0
  for (let i = 0; i < width; i++) sum += (a[aFrom + i] - b[bFrom + i]) ** 2
  return Math.sqrt(sum)
}

/** How one label is met by the clusters, voxel by voxel. */
export interface LabelAgreement {
  readonly label: number
  readonly voxels: number
  /** The single cluster with the highest Dice. */
  readonly bestCluster: number
  readonly bestDice: number
  /** The clusters most of whose voxels have this label, taken together; empty where there are none, Dice 0 then. */
  readonly ownClusters: readonly number[]
  readonly ownDice: number
}

/**
 * Dice of clusters against labels, both on one grid. Voxels without a cluster (255), and labels without a voxel that has one,
 * are left out.
 * Which cluster belongs to which label is chosen with the labels in hand, so these are upper limits of what clusters say.
 */
export function agreement(
  clusters: Uint8Array,
  labels: Uint8Array,
  k: number,
  labelCount: number,
): LabelAgreement[] {
  const both = new Float64Array(labelCount * k)
  const perLabel = new Float64Array(labelCount)
  const perCluster = new Float64Array(k)
  for (let i = 0; i < labels.length; i++) {
    const [cluster, label] = [clusters[i], labels[i]]
    if (cluster >= k) continue
    perLabel[label]++
    perCluster[cluster]++
    both[label * k + cluster]++
  }
  const majority = Array.from({ length: k }, (_, cluster) =>
    argmax(labelCount, label => both[label * k + cluster]),
  )
  return Array.from(perLabel.keys()).flatMap(label => {
    if (perLabel[label] === 0) return []
    const shared = (cluster: number) => both[label * k + cluster]
    const dice = (list: readonly number[]) => {
      const hits = list.reduce((sum, cluster) => sum + shared(cluster), 0)
      const all = list.reduce((sum, cluster) => sum + perCluster[cluster], 0)
      return (2 * hits) / (all + perLabel[label])
    }
    const bestCluster = argmax(k, cluster => dice([cluster]))
    const ownClusters = [...majority.keys()].filter(
      cluster => majority[cluster] === label && perCluster[cluster] > 0,
    )
    return [
      {
        label,
        voxels: perLabel[label],
        bestCluster,
        bestDice: dice([bestCluster]),
        ownClusters,
        ownDice: ownClusters.length > 0 ? dice(ownClusters) : 0,
      },
    ]
  })
}

function argmax(count: number, valueOf: (index: number) => number): number {
  let best = 0
  for (let i = 1; i < count; i++) if (valueOf(i) > valueOf(best)) best = i
  return best
}
