// The filter gradient of a convolution of stride 1: a sum over positions p of x[c, p + k] · dy[o, p] for every offset k.
// It is one matrix product of the operands, copied at several offsets:
//   whole   x at all 27 offsets; the product has the filter's own order. For small grids with many channels.
//   plane   one operand at the 9 offsets in the plane, the other at the 3 in depth: fewer copies, but the product must
//           be transposed. On large grids products of single slices are summed, which fits the caches better.
//
// Measured against ONNX Runtime's Conv with dy as its kernel (2 threads, Node; GFLOP/s): 16→16 channels at 48³ 24 → 55,
// 8→8 at 64³ 14 → 31, 48→48 at 32³ 16 → 69, 192→192 at 6³ 29 → 53; in WASM 7 → 16, 12 → 22. One long product instead of
// sums by slices: 42 against 69 for 48→48 at 32³, 53 against 9 for 192→192 at 6³. Copying by a grouped convolution with
// one-hot kernels costs the same as slices and a concatenation; im2col in one go twice as much.
import type { GraphBuilder } from './builder.ts'
import { sizeOf } from './graph.ts'
import type { ValueInfo } from './graph.ts'
import { transpose } from './layout.ts'

/** Grids from this many voxels on, with this many channels at least, are summed slice by slice. */
const largeGrid = 4096
const fewChannels = 4

/** Where the axes of an operand stand: slice by slice [N, D, C, H, W], or as one long row a channel [C, N, D, H, W]. */
interface Arrangement {
  readonly order: readonly number[]
  readonly channel: number
  readonly space: readonly [number, number, number]
}
const bySlice: Arrangement = { order: [0, 2, 1, 3, 4], channel: 2, space: [1, 3, 4] }
const byChannel: Arrangement = { order: [1, 0, 2, 3, 4], channel: 0, space: [2, 3, 4] }

interface Shift {
  readonly axis: number
  readonly offset: number
  readonly length: number
}

/** Windows of `id` at the given offsets along some axes; what lies outside is zero. Padding is done once for all. */
function windows(graph: GraphBuilder, id: number, places: readonly (readonly Shift[])[]): number[] {
  const info = graph.info(id)
  const all = places.flat()
  const paddings = info.shape.map((size, axis) => {
    const own = all.filter(shift => shift.axis === axis)
    const before = Math.max(0, ...own.map(({ offset }) => -offset))
    return [before, Math.max(0, ...own.map(({ offset, length }) => offset + length - size))]
  })
  const shape = info.shape.map((size, axis) => size + paddings[axis][0] + paddings[axis][1])
  const padded = graph.one('PadV2', [id], { paddings, value: 0 }, { shape, dtype: info.dtype })
  return places.map(shifts => {
    const begin = paddings.map(([before]) => before)
    const size = [...info.shape]
    for (const { axis, offset, length } of shifts) {
      begin[axis] += offset
      size[axis] = length
    }
    return graph.one('Slice', [padded], { begin }, { shape: size, dtype: info.dtype })
  })
}

function stack(graph: GraphBuilder, parts: readonly number[], axis: number): number {
  const { shape, dtype } = graph.info(parts[0])
  const joined = shape.map((size, each) => (each === axis ? size * parts.length : size))
  return graph.one('Concat', parts, { axis }, { shape: joined, dtype })
}

function reshape(graph: GraphBuilder, id: number, shape: readonly number[]): number {
  return graph.one('Reshape', [id], {}, { shape, dtype: 'float32' })
}

/** Offsets of a window of `counts` taps, row-major over its axes. */
function taps(counts: readonly number[]): number[][] {
  return counts.reduce<number[][]>(
    (list, count) => list.flatMap(prefix => Array.from({ length: count }, (_, tap) => [...prefix, tap])),
    [[]],
  )
}

/** Geometry of the forward convolution; stride and dilation are 1. */
export interface StrideOneWindow {
  readonly kernel: readonly number[]
  readonly padBefore: readonly number[]
}

/** The shifts by which operands meet: x is read at p + k - pad for p of the output's grid, dy at q - k + pad for q of the input's. */
function shifts(
  arrangement: Arrangement,
  { padBefore }: StrideOneWindow,
  grid: readonly number[],
  sign: 1 | -1,
) {
  return (axis: number, tap: number): Shift => ({
    axis: arrangement.space[axis],
    offset: sign * (tap - padBefore[axis]),
    length: grid[axis],
  })
}

function multiply(graph: GraphBuilder, a: number, b: number, rows: number, columns: number): number {
  const attributes = { transposeA: false, transposeB: true }
  const batch = graph.info(a).shape.slice(0, -2)
  const product: ValueInfo = { shape: [...batch, rows, columns], dtype: 'float32' }
  const each = graph.one('BatchMatMul', [a, b], attributes, product)
  if (batch.length === 0) return each
  return graph.one(
    'Sum',
    [each],
    { axes: [0], keepDims: false },
    { shape: [rows, columns], dtype: 'float32' },
  )
}

/** x at every offset, one row for each channel and offset. */
function wholeProduct(graph: GraphBuilder, x: number, dy: number, window: StrideOneWindow): number {
  const C = graph.info(x).shape[1]
  const [N, O, ...outputGrid] = graph.info(dy).shape
  const place = shifts(byChannel, window, outputGrid, 1)
  const arranged = transpose(graph, x, byChannel.order)
  const parts = windows(
    graph,
    arranged,
    taps(window.kernel).map(tap => tap.map((each, axis) => place(axis, each))),
  )
  const voxels = N * sizeOf(outputGrid)
  const rows = stack(
    graph,
    parts.map(part => reshape(graph, part, [C, 1, voxels])),
    1,
  )
  const offsets = sizeOf(window.kernel)
  const columns = reshape(graph, rows, [C * offsets, voxels])
  const gradient = reshape(graph, transpose(graph, dy, byChannel.order), [O, voxels])
  const product = multiply(graph, gradient, columns, O, C * offsets)
  return transpose(graph, reshape(graph, product, [O, C, ...window.kernel]), [2, 3, 4, 1, 0])
}

function planeProduct(graph: GraphBuilder, x: number, dy: number, window: StrideOneWindow): number {
  const [, C, ...inputGrid] = graph.info(x).shape
  const [N, O, ...outputGrid] = graph.info(dy).shape
  const isSliced = sizeOf(inputGrid) >= largeGrid && Math.min(C, O) >= fewChannels
  const arrangement = isSliced ? bySlice : byChannel
  const alongInput = shifts(arrangement, window, outputGrid, 1)
  const alongOutput = shifts(arrangement, window, inputGrid, -1)
  // The operand with fewer channels takes the nine copies.
  const isPlaneOnInput = C <= O
  const [inPlane, inDepth] = isPlaneOnInput ? [alongInput, alongOutput] : [alongOutput, alongInput]
  const [planeSide, depthSide] = (isPlaneOnInput ? [x, dy] : [dy, x]).map(id =>
    transpose(graph, id, arrangement.order),
  )
  const [Kd, Kh, Kw] = window.kernel
  const copies = (id: number, places: Shift[][]) =>
    stack(graph, windows(graph, id, places), arrangement.channel)
  const spread = copies(
    planeSide,
    taps([Kh, Kw]).map(([h, w]) => [inPlane(1, h), inPlane(2, w)]),
  )
  const deep = copies(
    depthSide,
    taps([Kd]).map(([d]) => [inDepth(0, d)]),
  )
  const [deepChannels, spreadChannels] = isPlaneOnInput ? [O, C] : [C, O]
  const rows = Kd * deepChannels
  const columns = Kh * Kw * spreadChannels
  // Both operands cover one grid: depth of the plane's operand, plane of the depth's.
  const depth = (isPlaneOnInput ? inputGrid : outputGrid)[0]
  const plane = sizeOf((isPlaneOnInput ? outputGrid : inputGrid).slice(1))
  const flat = (id: number, channels: number) =>
    reshape(graph, id, isSliced ? [N * depth, channels, plane] : [channels, N * depth * plane])
  const product = multiply(graph, flat(deep, rows), flat(spread, columns), rows, columns)
  const parts = reshape(graph, product, [Kd, deepChannels, Kh, Kw, spreadChannels])
  return transpose(graph, parts, isPlaneOnInput ? [0, 2, 3, 4, 1] : [0, 2, 3, 1, 4])
}

/**
 * Gradient [Kd, Kh, Kw, C, O] of the filter, from x [N, C, D, H, W] and dy [N, O, d, h, w].
 */
export function filterGradient(graph: GraphBuilder, x: number, dy: number, window: StrideOneWindow): number {
  const [N, O, ...outputGrid] = graph.info(dy).shape
  const C = graph.info(x).shape[1]
  const voxels = N * sizeOf(outputGrid)
  const [Kd, Kh, Kw] = window.kernel
  // Elements copied; a transposed element of the product counts three times.
  const wholeCost = sizeOf(window.kernel) * C * voxels
  const planeCost =
    (Kh * Kw * Math.min(C, O) + Kd * Math.max(C, O)) * voxels + 3 * sizeOf(window.kernel) * C * O
  return wholeCost < planeCost ? wholeProduct(graph, x, dy, window) : planeProduct(graph, x, dy, window)
}
