// For tests: window attention word by word as SPEC 2.1 and 2.2 have it, in double precision and with every intermediate
// array made (no index arithmetic shared with the kernels), and plain GPU buffers to run programs on.
import { expect } from 'vitest'
import type { Triple } from '../base/shape.ts'
import type { WindowAttributes } from './windowLayout.ts'

/** Reproducible numbers in (−1, 1). */
export function sample(count: number, seed: number): Float32Array<ArrayBuffer> {
  let state = Math.imul(seed, 2654435761) >>> 0
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state / 2 ** 32) * 2 - 1
  })
}

/** Fails unless the largest error is within `share` of the largest wanted value; not-a-number always fails. */
export function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, share: number): void {
  expect(got.length).toBe(want.length)
  const largest = Array.from(want).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const worst = Array.from(want).reduce((most, value, i) => {
    const error = Math.abs(got[i] - value)
    return error <= most ? most : error // NaN takes the place of any number and stays
  }, 0)
  expect(worst).toBeLessThanOrEqual(share * largest)
}

type Row = readonly number[]

function each(sizes: readonly number[], visit: (at: number[]) => void, at: number[] = []): void {
  if (at.length === sizes.length) visit(at)
  else for (let i = 0; i < sizes[at.length]; i++) each(sizes, visit, [...at, i])
}

function flat(at: readonly number[], sizes: readonly number[]): number {
  return at.reduce((index, place, axis) => index * sizes[axis] + place, 0)
}

/** One sample, rows of 3C features on the grid → rows of C. */
function attendSample(
  rows: Row[],
  grid: Triple,
  bias: Row,
  table: ArrayLike<number>,
  attributes: WindowAttributes,
) {
  const { heads, mode, reverse } = attributes
  const isShrunk = grid.map(size => mode === 'shrink' && size <= attributes.window)
  const window = grid.map((size, axis) => (isShrunk[axis] ? size : attributes.window))
  const shift = isShrunk.map(shrunk => (shrunk ? 0 : attributes.shift))
  const counts = grid.map((size, axis) => Math.ceil(size / window[axis]))
  const padded = counts.map((count, axis) => count * window[axis])
  const width = bias.length / 3 / heads
  const rolled: Row[] = []
  const regions: string[] = []
  each(padded, at => {
    const from = at.map((p, axis) => (p + shift[axis]) % padded[axis])
    rolled.push(from.every((p, axis) => p < grid[axis]) ? rows[flat(from, grid)] : bias)
    const label = (p: number, axis: number) =>
      shift[axis] === 0 || p < padded[axis] - window[axis] ? 0 : p < padded[axis] - shift[axis] ? 1 : 2
    regions.push(at.map(label).join())
  })
  const emitted: Row[] = new Array<Row>(rolled.length)
  const exact = (n: number[], i: number[]) =>
    flat(
      n.map((w, axis) => w * window[axis] + i[axis]),
      padded,
    )
  const smit = (n: number[], i: number[]) =>
    flat(
      [n[0], n[2], i[1], n[1], i[0], i[2]],
      [counts[0], counts[2], window[1], counts[1], window[0], window[2]],
    )
  each(counts, n => {
    const inside: number[][] = []
    each(window, i => inside.push(i))
    const slots = inside.map(i => exact(n, i))
    const results = slots.map((query, p) =>
      Array.from({ length: heads }, (_, head) => {
        const feature = (slot: number, part: number, c: number) =>
          rolled[slot][(part * heads + head) * width + c]
        const scores = slots.map((key, q) => {
          let score = 0
          for (let c = 0; c < width; c++) score += feature(query, 0, c) * feature(key, 1, c)
          const entry = tableRow(p, q, attributes.window) * heads + head
          return score / Math.sqrt(width) + table[entry] + (regions[query] === regions[key] ? 0 : -100)
        })
        const most = Math.max(...scores)
        const weights = scores.map(score => Math.exp(score - most))
        const total = weights.reduce((a, b) => a + b)
        return Array.from(
          { length: width },
          (_unused, c) => slots.reduce((sum, key, q) => sum + weights[q] * feature(key, 2, c), 0) / total,
        )
      }).flat(),
    )
    inside.forEach((i, p) => (emitted[(reverse === 'exact' ? exact : smit)(n, i)] = results[p]))
  })
  const output: Row[] = []
  each(grid, at =>
    output.push(
      emitted[
        flat(
          at.map((p, axis) => (p - shift[axis] + padded[axis]) % padded[axis]),
          padded,
        )
      ],
    ),
  )
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

/** A storage buffer holding `data`, or `data` times not-a-number, so that what a program leaves out shows. */
export function makeBuffer(device: GPUDevice, data: Float32Array | number): GPUBuffer {
  const values = typeof data === 'number' ? new Float32Array(data).fill(NaN) : data
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  const buffer = device.createBuffer({ size: values.byteLength, usage, mappedAtCreation: true })
  new Float32Array(buffer.getMappedRange()).set(values)
  buffer.unmap()
  return buffer
}

/** Records, submits and reads back; a validation error fails with its text. */
export async function runAndRead(
  device: GPUDevice,
  record: (encoder: GPUCommandEncoder) => void,
  outputs: readonly GPUBuffer[],
): Promise<Float32Array[]> {
  device.pushErrorScope('validation')
  const encoder = device.createCommandEncoder()
  record(encoder)
  const copies = outputs.map(({ size }) =>
    device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
  )
  outputs.forEach((buffer, i) => encoder.copyBufferToBuffer(buffer, 0, copies[i], 0, buffer.size))
  device.queue.submit([encoder.finish()])
  const error = await device.popErrorScope()
  if (error) throw new Error(error.message)
  return Promise.all(
    copies.map(async copy => {
      await copy.mapAsync(GPUMapMode.READ)
      const values = new Float32Array(copy.getMappedRange().slice(0))
      copy.destroy()
      return values
    }),
  )
}

/** Layouts that the tests of every path share: name, qkv shape, attributes. */
export const attentionCases: readonly (readonly [string, readonly number[], WindowAttributes])[] = [
  ['whole windows', [1, 8, 4, 4, 72], { heads: 2, window: 4, shift: 0, mode: 'fixed', reverse: 'exact' }],
  [
    'padding and shift on an odd grid',
    [1, 5, 6, 7, 36],
    { heads: 1, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' },
  ],
  [
    'padding without shift, a batch of three, heads of 6',
    [3, 3, 5, 4, 36],
    { heads: 2, window: 4, shift: 0, mode: 'fixed', reverse: 'exact' },
  ],
  [
    'a batch of two on a grid smaller than the window, heads of 3',
    [2, 2, 3, 2, 27],
    { heads: 3, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' },
  ],
  ['heads of 96', [1, 4, 6, 4, 288], { heads: 1, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' }],
  [
    'a window of 7 that shrinks on two axes',
    [1, 4, 9, 7, 24],
    { heads: 2, window: 7, shift: 3, mode: 'shrink', reverse: 'exact' },
  ],
  [
    'a whole window of 7, more slots than threads',
    [1, 7, 7, 7, 12],
    { heads: 1, window: 7, shift: 0, mode: 'fixed', reverse: 'exact' },
  ],
  [
    'SMIT’s window order, padded and shifted',
    [1, 6, 9, 7, 24],
    { heads: 2, window: 4, shift: 2, mode: 'fixed', reverse: 'smit' },
  ],
]

/** qkv, qkvBias, biasTable and dOutput of a case; scores of a few units make the softmax matter. */
export function caseInputs(
  shape: readonly number[],
  { heads, window }: WindowAttributes,
): Float32Array<ArrayBuffer>[] {
  const count = shape.reduce((a, b) => a * b)
  const scaled = (values: Float32Array<ArrayBuffer>, by: number) => values.map(value => by * value)
  return [
    scaled(sample(count, 1), 2),
    sample(shape[4], 2),
    sample((2 * window - 1) ** 3 * heads, 3),
    sample(count / 3, 4),
  ]
}
