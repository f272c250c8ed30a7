// How differently the heads of a network look (Figure 4a of DAGMaN): for every head of every block the attention distance and
// the entropy of its attention, over all queries of one or several crops.
// Distance: mean distance from a query to its keys weighted by attention, over keys inside the crop, weights renormalised;
// between the middles of tokens. Entropy: of the whole softmax row, padding included, in bits; log2 T where all keys weigh alike.
import type { Triple } from '../base/shape.ts'
import type { BlockAttention, BlockPlace } from './blockAttention.ts'
import { tokenSide } from './tokenGrid.ts'

/** Mean over queries, and the values that a tenth of the queries lie below and above. */
export interface Spread {
  readonly mean: number
  readonly low: number
  readonly high: number
}

export interface HeadFigure extends BlockPlace {
  readonly head: number
  /** In voxels of the crop. */
  readonly distanceVoxels: Spread
  readonly distanceMm: Spread
  readonly entropyBits: Spread
  /** Share of attention that goes to padding beyond the crop's end, mean over queries. */
  readonly paddingShare: number
  /** Queries that were looked at. */
  readonly queries: number
}

interface Tally {
  readonly place: BlockPlace & { readonly head: number }
  readonly voxels: number[]
  readonly mm: number[]
  readonly bits: number[]
  padding: number
}

/** Distances between the slots of a window [T, T], with a step of `step` (D,H,W). */
function slotDistances([, h, w]: Triple, tokens: number, step: Triple): Float64Array {
  const place = (slot: number) => [Math.floor(slot / (h * w)), Math.floor(slot / w) % h, slot % w]
  return Float64Array.from({ length: tokens * tokens }, (_, pair) => {
    const [from, to] = [place(Math.floor(pair / tokens)), place(pair % tokens)]
    return Math.hypot(...from.map((at, axis) => (at - to[axis]) * step[axis]))
  })
}

/** Adds up the attention of crops, block by block; `spacingMm` is the crop's voxel. */
export class HeadTally {
  private readonly tallies = new Map<string, Tally>()
  private readonly spacingMm: Triple

  constructor(spacingMm: Triple) {
    this.spacingMm = spacingMm
  }

  add(attention: BlockAttention): void {
    const { stage, block, heads, layout } = attention
    const { windows, tokens: T, window } = layout
    const side = tokenSide(stage)
    const voxels = slotDistances(window, T, [side, side, side])
    const stepMm = this.spacingMm.map(mm => mm * side) as unknown as Triple
    const mm = slotDistances(window, T, stepMm)
    for (let head = 0; head < heads; head++) {
      const tally = this.tallyOf({ stage, block, head })
      for (let at = 0; at < windows; at++) addWindow(attention, at, head, { voxels, mm }, tally)
    }
  }

  /** In the order of stages, blocks and heads as they came. */
  figures(): HeadFigure[] {
    return [...this.tallies.values()].map(({ place, voxels, mm, bits, padding }) => ({
      ...place,
      distanceVoxels: spreadOf(voxels),
      distanceMm: spreadOf(mm),
      entropyBits: spreadOf(bits),
      paddingShare: padding / bits.length,
      queries: bits.length,
    }))
  }

  private tallyOf(place: Tally['place']): Tally {
    const key = `${place.stage} ${place.block} ${place.head}`
    const found = this.tallies.get(key)
    if (found) return found
    const made = { place, voxels: [], mm: [], bits: [], padding: 0 }
    this.tallies.set(key, made)
    return made
  }
}

interface Distances {
  readonly voxels: Float64Array
  readonly mm: Float64Array
}

/** All queries of one window that are tokens of the crop. */
function addWindow(
  { heads, layout, probabilities, grid }: BlockAttention,
  window: number,
  head: number,
  distances: Distances,
  tally: Tally,
): void {
  const T = layout.tokens
  const missing = grid[0] * grid[1] * grid[2]
  const from = (window * heads + head) * T * T
  for (let query = 0; query < T; query++) {
    if (layout.tokenOfSlot[window * T + query] === missing) continue
    let [inside, voxels, mm, bits, outside] = [0, 0, 0, 0, 0]
    for (let key = 0; key < T; key++) {
      const weight = probabilities[from + query * T + key]
      if (weight > 0) bits -= weight * Math.log2(weight)
      if (layout.tokenOfSlot[window * T + key] === missing) {
        outside += weight
        continue
      }
      inside += weight
      voxels += weight * distances.voxels[query * T + key]
      mm += weight * distances.mm[query * T + key]
    }
    tally.bits.push(bits)
    tally.padding += outside
    tally.voxels.push(inside > 0 ? voxels / inside : 0)
    tally.mm.push(inside > 0 ? mm / inside : 0)
  }
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0
  const mean = sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length)
  return { mean, low: at(0.1), high: at(0.9) }
}
