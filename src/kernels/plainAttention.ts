// For tests: window attention word by word as SPEC 2.1 and 2.2 have it, in double precision and with every intermediate
// array made. It shares no index arithmetic with the kernels or with their reference.
import type { Triple } from '../base/shape.ts'
import type { WindowAttributes } from './windowLayout.ts'

type Row = readonly number[]

function each(sizes: readonly number[], visit: (at: number[]) => void, at: number[] = []): void {
  if (at.length === sizes.length) visit(at)
  else for (let i = 0; i < sizes[at.length]; i++) each(sizes, visit, [...at, i])
}

function flat(at: readonly number[], sizes: readonly number[]): number {
  return at.reduce((index, place, axis) => index * sizes[axis] + place, 0)
}

/** A sample's grid after padding at the end and roll, with the region label of each position. */
interface RolledGrid {
  readonly rows: Row[]
  readonly regions: string[]
  readonly padded: readonly number[]
  readonly window: readonly number[]
  readonly counts: readonly number[]
  readonly shift: readonly number[]
}

function rollGrid(rows: readonly Row[], grid: Triple, bias: Row, attributes: WindowAttributes): RolledGrid {
  const isShrunk = grid.map(size => attributes.mode === 'shrink' && size <= attributes.window)
  const window = grid.map((size, axis) => (isShrunk[axis] ? size : attributes.window))
  const shift = isShrunk.map(shrunk => (shrunk ? 0 : attributes.shift))
  const counts = grid.map((size, axis) => Math.ceil(size / window[axis]))
  const padded = counts.map((count, axis) => count * window[axis])
  const label = (p: number, axis: number) =>
    shift[axis] === 0 || p < padded[axis] - window[axis] ? 0 : p < padded[axis] - shift[axis] ? 1 : 2
  const rolled: Row[] = []
  const regions: string[] = []
  each(padded, at => {
    const from = at.map((p, axis) => (p + shift[axis]) % padded[axis])
    rolled.push(from.every((p, axis) => p < grid[axis]) ? rows[flat(from, grid)] : bias)
    regions.push(at.map(label).join())
  })
  return { rows: rolled, regions, padded, window, counts, shift }
}

/** Results of one window's slots (positions of the rolled grid), heads side by side. */
function attendWindow(
  { rows, regions }: RolledGrid,
  slots: readonly number[],
  table: ArrayLike<number>,
  { heads, window }: WindowAttributes,
): Row[] {
  const width = rows[0].length / 3 / heads
  return slots.map((query, p) =>
    Array.from({ length: heads }, (_, head) => {
      const feature = (slot: number, part: number, c: number) => rows[slot][(part * heads + head) * width + c]
      const scores = slots.map((key, q) => {
        let score = 0
        for (let c = 0; c < width; c++) score += feature(query, 0, c) * feature(key, 1, c)
        const bias = table[tableRow(p, q, window) * heads + head]
        return score / Math.sqrt(width) + bias + (regions[query] === regions[key] ? 0 : -100)
      })
      const most = Math.max(...scores)
      const weights = scores.map(score => Math.exp(score - most))
      const total = weights.reduce((a, b) => a + b)
      const mix = (c: number) =>
        slots.reduce((sum, key, q) => sum + weights[q] * feature(key, 2, c), 0) / total
      return Array.from({ length: width }, (_unused, c) => mix(c))
    }).flat(),
  )
}

/** One sample, rows of 3C features on the grid → rows of C. */
function attendSample(
  rows: readonly Row[],
  grid: Triple,
  bias: Row,
  table: ArrayLike<number>,
  attributes: WindowAttributes,
): Row[] {
  const rolled = rollGrid(rows, grid, bias, attributes)
  const { padded, window, counts, shift } = rolled
  const exactly = (n: number[], i: number[]) =>
    flat(
      n.map((w, axis) => w * window[axis] + i[axis]),
      padded,
    )
  // The order (nd, nw, wh, nh, wd, ww) in which SMIT writes its windows.
  const asSmit = (n: number[], i: number[]) =>
    flat(
      [n[0], n[2], i[1], n[1], i[0], i[2]],
      [counts[0], counts[2], window[1], counts[1], window[0], window[2]],
    )
  const emitted = new Array<Row>(rolled.rows.length)
  each(counts, n => {
    const inside: number[][] = []
    each(window, i => inside.push(i))
    const slots = inside.map(i => exactly(n, i))
    const results = attendWindow(rolled, slots, table, attributes)
    const place = attributes.reverse === 'exact' ? exactly : asSmit
    inside.forEach((i, p) => (emitted[place(n, i)] = results[p]))
  })
  const output: Row[] = []
  each(grid, at => {
    const back = at.map((p, axis) => (p - shift[axis] + padded[axis]) % padded[axis])
    output.push(emitted[flat(back, padded)])
  })
  return output
}

/** Row of the bias table for query p and key q, both numbered within the full window. */
function tableRow(p: number, q: number, window: number): number {
  const coordinates = (t: number) => [
    Math.floor(t / window / window),
    Math.floor(t / window) % window,
    t % window,
  ]
  const [from, to] = [coordinates(p), coordinates(q)]
  return flat(
    from.map((a, axis) => a - to[axis] + window - 1),
    [2 * window - 1, 2 * window - 1, 2 * window - 1],
  )
}

/** Window attention in double precision; qkv of `shape` [B,d,h,w,3C]. */
export function attendPlainly(
  qkv: ArrayLike<number>,
  shape: readonly number[],
  bias: ArrayLike<number>,
  table: ArrayLike<number>,
  attributes: WindowAttributes,
): number[] {
  const [B, d, h, w, features] = shape
  const rows = Array.from({ length: B * d * h * w }, (_, n) =>
    Array.from({ length: features }, (_unused, f) => qkv[n * features + f]),
  )
  return Array.from({ length: B }, (_, b) =>
    attendSample(
      rows.slice(b * d * h * w, (b + 1) * d * h * w),
      [d, h, w],
      Array.from(bias),
      table,
      attributes,
    ),
  ).flat(2)
}
