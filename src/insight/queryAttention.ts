// What one token's query attends to inside its (shifted) window: the row of the attention matrix, with each key sent back to
// where it stands in the crop. Padding and the roll come from the block's own layout, so a key is painted where it was read.
import type { Grid, Triple } from '../base/shape.ts'
import type { BlockAttention } from './blockAttention.ts'
import { MARK, type CropPainting } from './painting.ts'
import { cropOver, partOf, tokenAt } from './tokenGrid.ts'

export interface QueryAttention {
  readonly query: Triple
  /** Attention that each token of the crop gets, [d,h,w] of the stage's grid; 0 outside the window. */
  readonly weights: Float32Array
  /** Which tokens are keys of the query's window, 0/1 on the same grid; those of another region are not. */
  readonly isKey: Uint8Array
  /** The largest weight of a token. */
  readonly largest: number
  /** Tokens of the window that the query may attend to, itself included. */
  readonly tokens: number
  /** Keys that are padding: beyond the end of the crop, zero but for the bias; and the attention that goes there. */
  readonly padding: { readonly keys: number; readonly weight: number }
  /** Keys of the same window that the shift mask hides, since they lie at the other end of the crop. */
  readonly masked: number
}

/**
 * The attention of the query at token `query` (d,h,w) in one head, or the mean over heads where `head` is 'mean'.
 * @throws RangeError when the token or the head does not exist.
 */
export function attendFrom(attention: BlockAttention, query: Triple, head: number | 'mean'): QueryAttention {
  const { grid, layout, heads } = attention
  const isInside = query.every((index, axis) => index >= 0 && index < grid[axis])
  if (!isInside || (head !== 'mean' && !(head >= 0 && head < heads)))
    throw new RangeError(
      `attendFrom: expected a token within ${grid.join(' × ')} and one of ${heads} heads, got token ${query.join(', ')} and head ${head}.`,
    )
  const count = grid[0] * grid[1] * grid[2]
  const { tokens: T, tokenOfSlot, regionOfSlot } = layout
  const querySlot = tokenOfSlot.indexOf((query[0] * grid[1] + query[1]) * grid[2] + query[2])
  const first = querySlot - (querySlot % T)
  const row = rowOf(attention, querySlot, head)
  const weights = new Float32Array(count)
  const isKey = new Uint8Array(count)
  const padding = { keys: 0, weight: 0 }
  let [largest, tokens, masked] = [0, 0, 0]
  row.forEach((weight, key) => {
    const token = tokenOfSlot[first + key]
    const isApart = regionOfSlot[first + key] !== regionOfSlot[querySlot]
    if (isApart) masked++
    if (token === count) {
      if (!isApart) padding.keys++
      padding.weight += weight
      return
    }
    weights[token] = weight
    if (isApart) return
    isKey[token] = 1
    tokens++
    largest = Math.max(largest, weights[token])
  })
  return { query, weights, isKey, largest, tokens, padding, masked }
}

/** The row [T] of a query slot, one head's or the mean over heads. */
function rowOf({ probabilities, heads, layout }: BlockAttention, slot: number, head: number | 'mean') {
  const T = layout.tokens
  const window = Math.floor(slot / T)
  const of = (h: number) => {
    const from = ((window * heads + h) * T + (slot % T)) * T
    return probabilities.subarray(from, from + T)
  }
  if (head !== 'mean') return Float64Array.from(of(head))
  const mean = new Float64Array(T)
  for (let h = 0; h < heads; h++) of(h).forEach((weight, key) => (mean[key] += weight / heads))
  return mean
}

/**
 * The query's keys over the scan: the box of tokens that it may attend to in magma, itself ringed. `tokens` is the grid of the
 * stage's tokens, each of `side` voxels of the crop.
 */
export function paintQuery(
  { query, weights, isKey, largest }: QueryAttention,
  tokens: Grid,
  side: number,
): CropPainting {
  const keys = Array.from(isKey.keys()).filter(token => isKey[token] === 1)
  const places = keys.map(token => tokenAt(token, tokens.shape))
  const low = [0, 1, 2].map(axis => Math.min(...places.map(at => at[axis]))) as unknown as Triple
  const high = [0, 1, 2].map(axis => 1 + Math.max(...places.map(at => at[axis]))) as unknown as Triple
  const box = partOf(tokens, low, high)
  const [, h, w] = box.shape
  const values = new Float32Array(box.shape[0] * h * w)
  const codes = new Uint8Array(values.length)
  const inBox = (at: Triple) => ((at[0] - low[0]) * h + at[1] - low[1]) * w + at[2] - low[2]
  places.forEach((at, i) => (values[inBox(at)] = weights[keys[i]]))
  codes[inBox(query)] = MARK.hint
  return {
    crop: cropOver(box, side),
    map: { shape: box.shape, values, range: [0, largest] },
    marks: { shape: box.shape, codes },
  }
}

/** Weights as bytes for a file, 255 the largest; the file's slope is `largest / 255`. */
export function queryBytes({ weights, largest }: QueryAttention): Uint8Array {
  return Uint8Array.from(weights, weight => Math.round((255 * weight) / largest))
}

/** The keys in a table's order, strongest first. */
export function strongestKeys({ weights, isKey }: QueryAttention, grid: Triple, count: number) {
  return Array.from(weights.keys())
    .filter(token => isKey[token] === 1)
    .sort((a, b) => weights[b] - weights[a] || a - b)
    .slice(0, count)
    .map(token => ({ token: tokenAt(token, grid), weight: weights[token] }))
}
