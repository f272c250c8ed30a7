// Arteries, veins and bronchi: volume-filling branching (after Tawhai et al., J Appl Physiol 2004): each branch grows 40 % of the way
// to the centroid of the points it has to supply, then splits them by a plane; radii obey Murray's law (r³ = Σ rᵢ³) from the leaves up.
// Bronchi are the first generations of the arterial tree moved aside, because a bronchus and its artery run together.
import { labelOf } from './labels.ts'
import { cubeRoot } from './mathPortable.ts'
import type { Point } from './primitives.ts'
import type { TubeList } from './primitives.ts'
import { Random } from './random.ts'

interface Branching {
  readonly random: Random
  /** x, y, z of each point to supply. */
  readonly cloud: Float64Array
  readonly order: Uint32Array
  readonly leafRadius: number
  readonly hu: number
  readonly vessels: TubeList
  /** Where nothing may run: the heart. */
  readonly isBlocked: (point: Point) => boolean
  /** Set for arteries only: where walls and lumina of the accompanying bronchi go. */
  readonly bronchi?: Bronchi
}

export interface Bronchi {
  readonly walls: TubeList
  readonly lumina: TubeList
  /** True outside the lungs, where only the first generations may run. */
  readonly isOutside: (point: Point) => boolean
  /** Unit vector from an artery to its bronchus in this lobe. */
  readonly offset: Point
  /** Bronchial segments with radius, for mucus plugs. */
  readonly segments: { readonly from: Point; readonly to: Point; readonly radius: number }[]
}

/** Grows one tree from `root` into the cloud and appends its tubes; returns the radius at the root (mm). */
export function growTree(
  seed: number,
  stream: number,
  root: Point,
  cloud: Float64Array,
  bronchusRoot: Point | undefined,
  style: {
    readonly leafRadius: number
    readonly hu: number
    readonly vessels: TubeList
    readonly isBlocked: (point: Point) => boolean
    readonly bronchi?: Bronchi
  },
): number {
  const count = cloud.length / 3
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  const tree: Branching = { random: new Random(seed, stream), cloud, order, ...style }
  return growBranch(tree, root, 0, count, bronchusRoot, 0)
}

function centroid(tree: Branching, from: number, to: number): [number, number, number] {
  const sum: [number, number, number] = [0, 0, 0]
  for (let i = from; i < to; i++) for (let a = 0; a < 3; a++) sum[a] += tree.cloud[3 * tree.order[i] + a]
  return [sum[0] / (to - from), sum[1] / (to - from), sum[2] / (to - from)]
}

/** Direction of the widest spread across the branch: one Newton step of power iteration is not enough, four are. */
function splitNormal(tree: Branching, from: number, to: number, c: Point, along: Point): Point {
  let n: [number, number, number] = tree.random.direction()
  for (let iteration = 0; iteration < 4; iteration++) {
    const next: [number, number, number] = [0, 0, 0]
    const step = to - from > 64 ? (to - from) >> 5 : 1
    for (let i = from; i < to; i += step) {
      const o = 3 * tree.order[i]
      const dx = tree.cloud[o] - c[0]
      const dy = tree.cloud[o + 1] - c[1]
      const dz = tree.cloud[o + 2] - c[2]
      const dot = dx * n[0] + dy * n[1] + dz * n[2]
      next[0] += dot * dx
      next[1] += dot * dy
      next[2] += dot * dz
    }
    const lean = next[0] * along[0] + next[1] * along[1] + next[2] * along[2]
    for (let a = 0; a < 3; a++) next[a] -= lean * along[a]
    const length = Math.sqrt(next[0] * next[0] + next[1] * next[1] + next[2] * next[2])
    if (length < 1e-9) return n
    n = [next[0] / length, next[1] / length, next[2] / length]
  }
  return n
}

function partition(tree: Branching, from: number, to: number, c: Point, n: Point, shift: number): number {
  let left = from
  let right = to - 1
  const { order, cloud } = tree
  while (left <= right) {
    const o = 3 * order[left]
    const dot = (cloud[o] - c[0]) * n[0] + (cloud[o + 1] - c[1]) * n[1] + (cloud[o + 2] - c[2]) * n[2]
    if (dot < shift) left++
    else {
      const swap = order[left]
      order[left] = order[right]
      order[right--] = swap
    }
  }
  return left
}

/** Grows from `start` to supply points [from, to) and returns the radius at `start`. */
function growBranch(
  tree: Branching,
  start: Point,
  from: number,
  to: number,
  shifted: Point | undefined,
  generation: number,
): number {
  const { random } = tree
  const c = centroid(tree, from, to)
  const count = to - from
  const share = count === 1 ? 1 : 0.42 + 0.08 * random.uniform()
  const reach: Point = [(c[0] - start[0]) * share, (c[1] - start[1]) * share, (c[2] - start[2]) * share]
  const length = Math.sqrt(reach[0] * reach[0] + reach[1] * reach[1] + reach[2] * reach[2]) + 1e-9
  const along: Point = [reach[0] / length, reach[1] / length, reach[2] / length]
  const wobble = 0.07 * length
  const end: Point = [
    start[0] + reach[0] + random.uniform(-wobble, wobble),
    start[1] + reach[1] + random.uniform(-wobble, wobble),
    start[2] + reach[2] + random.uniform(-wobble, wobble),
  ]
  // Murray's law makes the radius known before growing: every leaf carries the same flow.
  const radius = tree.leafRadius * cubeRoot(count)
  const bronchus =
    tree.bronchi && !tree.isBlocked(end)
      ? addBronchus(tree.bronchi, end, shifted, radius, generation)
      : undefined
  if (count === 1) {
    tree.vessels.add(start, end, tree.leafRadius, tree.leafRadius * 0.8, tree.hu, labelOf.vessels)
    return tree.leafRadius
  }
  const normal = splitNormal(tree, from, to, c, along)
  let middle = partition(tree, from, to, c, normal, random.normal(0, 0.12) * length)
  if (middle === from || middle === to) middle = (from + to) >> 1
  const a = growBranch(tree, end, from, middle, bronchus, generation + 1)
  const b = growBranch(tree, end, middle, to, bronchus, generation + 1)
  const own = cubeRoot(a * a * a + b * b * b)
  addCurved(tree, start, end, own, length)
  return own
}

/** A vessel as two tubes with a slight bend when it is long enough to show. */
function addCurved(tree: Branching, start: Point, end: Point, radius: number, length: number): void {
  if (tree.isBlocked(start) || tree.isBlocked(end)) return
  if (length < 6 * radius || length < 4) {
    tree.vessels.add(start, end, radius, radius, tree.hu, labelOf.vessels)
    return
  }
  const bend = 0.06 * length
  const { random } = tree
  const middle: Point = [
    0.5 * (start[0] + end[0]) + random.uniform(-bend, bend),
    0.5 * (start[1] + end[1]) + random.uniform(-bend, bend),
    0.5 * (start[2] + end[2]) + random.uniform(-bend, bend),
  ]
  tree.vessels.add(start, middle, radius, radius, tree.hu, labelOf.vessels)
  tree.vessels.add(middle, end, radius, radius, tree.hu, labelOf.vessels)
}

/** Adds the bronchus beside an artery; returns where it ends, or nothing when it has become too thin to see. */
function addBronchus(
  bronchi: Bronchi,
  end: Point,
  begin: Point | undefined,
  arteryRadius: number,
  generation: number,
): Point | undefined {
  const outer = arteryRadius * 1.02
  if (outer < 1 || generation > 8 || !begin) return undefined
  const side = arteryRadius + outer + 0.3
  const { offset } = bronchi
  const stop: Point = [end[0] + side * offset[0], end[1] + side * offset[1], end[2] + side * offset[2]]
  if (generation >= 2 && bronchi.isOutside(stop)) return undefined
  // Wall of a tenth of the diameter; its HU rises with thickness once partial volume has been at it.
  const wall = Math.max(0.2 * outer, 0.35)
  bronchi.walls.add(begin, stop, outer, outer, -30, labelOf.airways)
  bronchi.lumina.add(begin, stop, outer - wall, outer - wall, -980, labelOf.airways)
  bronchi.segments.push({ from: begin, to: stop, radius: outer - wall })
  return stop
}
