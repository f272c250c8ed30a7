// The filter gradient of a convolution of stride 1: a sum over positions p of x[c, p + k] · dy[o, p] for every offset k.
// It is one matrix product of the operands, copied at several offsets:
//   whole   x at all 27 offsets; the product has the filter's own order. For small grids with many channels.
//   plane   one operand at the 9 offsets of depth and height, the other at the 3 of width: fewer copies, but the product
//           must be transposed. On large grids products of single slices are summed, which fits the caches better.
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

/** The window of `id` at the given offsets; what lies outside is zero. One padding that also cuts is one copy. */
function window(graph: GraphBuilder, id: number, shifts: readonly Shift[]): number {
  const { shape, dtype } = graph.info(id)
  const paddings = shape.map(() => [0, 0])
  const size = [...shape]
  for (const { axis, offset, length } of shifts) {
    paddings[axis] = [-offset, offset + length - shape[axis]]
    size[axis] = length
  }
  return graph.one('PadV2', [id], { paddings, value: 0 }, { shape: size, dtype })
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
function wholeProduct(graph: GraphBuilder, x: number, dy: number, filter: StrideOneWindow): number {
  const C = graph.info(x).shape[1]
  const [N, O, ...outputGrid] = graph.info(dy).shape
  const place = shifts(byChannel, filter, outputGrid, 1)
  const arranged = transpose(graph, x, byChannel.order)
  const parts = taps(filter.kernel).map(tap =>
    window(
      graph,
      arranged,
      tap.map((each, axis) => place(axis, each)),
    ),
  )
  const voxels = N * sizeOf(outputGrid)
  const rows = stack(
    graph,
    parts.map(part => reshape(graph, part, [C, 1, voxels])),
    1,
  )
  const offsets = sizeOf(filter.kernel)
  const columns = reshape(graph, rows, [C * offsets, voxels])
  const gradient = reshape(graph, transpose(graph, dy, byChannel.order), [O, voxels])
  const product = multiply(graph, gradient, columns, O, C * offsets)
  return transpose(graph, reshape(graph, product, [O, C, ...filter.kernel]), [2, 3, 4, 1, 0])
}

/** One operand at all offsets of depth and height (whole rows are copied), the other at those of width. */
function planeProduct(graph: GraphBuilder, x: number, dy: number, filter: StrideOneWindow): number {
  const [, C, ...inputGrid] = graph.info(x).shape
  const [N, O, ...outputGrid] = graph.info(dy).shape
  const isSliced = sizeOf(inputGrid) >= largeGrid && Math.min(C, O) >= fewChannels
  const arrangement = isSliced ? bySlice : byChannel
  const alongInput = shifts(arrangement, filter, outputGrid, 1)
  const alongOutput = shifts(arrangement, filter, inputGrid, -1)
  // The operand with fewer channels takes the nine copies.
  const isPlaneOnInput = C <= O
  const [inPlane, inRow] = isPlaneOnInput ? [alongInput, alongOutput] : [alongOutput, alongInput]
  const [planeSide, rowSide] = (isPlaneOnInput ? [x, dy] : [dy, x]).map(id =>
    transpose(graph, id, arrangement.order),
  )
  const copies = (id: number, places: Shift[][]) => {
    const parts = places.map(place => window(graph, id, place))
    return stack(graph, parts, arrangement.channel)
  }
  const [Kd, Kh, Kw] = filter.kernel
  const plane = copies(
    planeSide,
    taps([Kd, Kh]).map(([d, h]) => [inPlane(0, d), inPlane(1, h)]),
  )
  const row = copies(
    rowSide,
    taps([Kw]).map(([w]) => [inRow(2, w)]),
  )
  const [rowChannels, planeChannels] = isPlaneOnInput ? [O, C] : [C, O]
  const rows = Kw * rowChannels
  const columns = Kd * Kh * planeChannels
  // Both operands now cover one grid: depth and height of one operand's result, width of the other's.
  const [D, H] = isPlaneOnInput ? outputGrid : inputGrid
  const W = (isPlaneOnInput ? inputGrid : outputGrid)[2]
  const flat = (id: number, channels: number) =>
    reshape(graph, id, isSliced ? [N * D, channels, H * W] : [channels, N * D * H * W])
  const product = multiply(graph, flat(row, rows), flat(plane, columns), rows, columns)
  const parts = reshape(graph, product, [Kw, rowChannels, Kd, Kh, planeChannels])
  return transpose(graph, parts, isPlaneOnInput ? [2, 3, 0, 4, 1] : [2, 3, 0, 1, 4])
}

/**
 * Gradient [Kd, Kh, Kw, C, O] of the filter, from x [N, C, D, H, W] and dy [N, O, d, h, w].
 */
export function filterGradient(graph: GraphBuilder, x: number, dy: number, filter: StrideOneWindow): number {
  const [N, O, ...outputGrid] = graph.info(dy).shape
  const C = graph.info(x).shape[1]
  const voxels = N * sizeOf(outputGrid)
  const [Kd, Kh, Kw] = filter.kernel
  // Elements copied; a transposed element of the product counts three times.
  const wholeCost = sizeOf(filter.kernel) * C * voxels
  const planeCost =
    (Kh * Kw * Math.min(C, O) + Kd * Math.max(C, O)) * voxels + 3 * sizeOf(filter.kernel) * C * O
  return wholeCost < planeCost ? wholeProduct(graph, x, dy, filter) : planeProduct(graph, x, dy, filter)
}
