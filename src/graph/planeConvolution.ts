// A 3-D convolution as one planar convolution with Kd times the outputs, whose slices are then shifted in depth and
// added. ONNX Runtime multiplies an unfolded input (27·C rows for 3³) by few output rows; this way it unfolds a third
// and multiplies it by three times the rows.
//
// Measured, 3³, one thread, Node (GFLOP/s, plain → planar): 8→8 channels at 64³ 40 → 49, 16→8 at 64³ 41 → 56,
// 24→24 at 32³ 64 → 69, 48→24 at 32³ 67 → 82, 96→96 at 8³ 81 → 93; 1→8 at 64³ 21 → 10, hence the least channels.
// In WASM 20 → 21, 24 → 26, 25 → 27.
import type { GraphBuilder } from './builder.ts'
import { sameNumbers } from './graph.ts'
import type { Attributes, ValueInfo } from './graph.ts'

/** A convolution with channels first: x [N, C, D, H, W], filter [O, C, Kd, Kh, Kw]. */
export type Convolve = (
  graph: GraphBuilder,
  x: number,
  filter: number,
  attributes: Attributes,
  info: ValueInfo,
) => number

const leastChannels = 4

/** Filter [O, C, Kd, Kh, Kw] as [Kd · O, C, 1, Kh, Kw]. */
function planarFilter(graph: GraphBuilder, filter: number): number {
  const { shape, dtype } = graph.info(filter)
  const [O, C, Kd, Kh, Kw] = shape
  const moved = graph.one(
    'Transpose',
    [filter],
    { perm: [2, 0, 1, 3, 4] },
    { shape: [Kd, O, C, Kh, Kw], dtype },
  )
  return graph.one('Reshape', [moved], {}, { shape: [Kd * O, C, 1, Kh, Kw], dtype })
}

/** Rows `part · O` to `(part + 1) · O` of y, moved by `offset` in depth; what enters is zero. One padding that also cuts. */
function shiftedPart(graph: GraphBuilder, y: number, part: number, offset: number, info: ValueInfo): number {
  const [, O, D] = info.shape
  const [, rows, depth] = graph.info(y).shape
  const none = [0, 0]
  const paddings = [none, [-part * O, (part + 1) * O - rows], [-offset, D + offset - depth], none, none]
  return graph.one('PadV2', [y], { paddings, value: 0 }, info)
}

/** Convolution by planes where that was faster, else `plainly`. */
export function convolveByPlanes(plainly: Convolve): Convolve {
  return (graph, x, filter, attributes, info) => {
    const [O, C, Kd, Kh, Kw] = graph.info(filter).shape
    const { strides, dilations, padBefore, padAfter } = attributes as Record<string, readonly number[]>
    const isPlain = sameNumbers([...strides, ...dilations], [1, 1, 1, 1, 1, 1])
    const [N, , , H, W] = info.shape
    const depth = graph.info(x).shape[2]
    // Every slice of the filter must meet the input somewhere.
    const reaches = depth > Math.max(padBefore[0], padAfter[0]) && info.shape[2] > Kd
    if (!isPlain || Kd < 2 || Kh * Kw < 4 || C < leastChannels || !reaches)
      return plainly(graph, x, filter, attributes, info)
    const inPlane = {
      strides,
      dilations,
      padBefore: [0, ...padBefore.slice(1)],
      padAfter: [0, ...padAfter.slice(1)],
    }
    const wide = { shape: [N, Kd * O, depth, H, W], dtype: info.dtype }
    const y = plainly(graph, x, planarFilter(graph, filter), inPlane, wide)
    const parts = Array.from({ length: Kd }, (_, tap) => shiftedPart(graph, y, tap, tap - padBefore[0], info))
    return parts.reduce((sum, part) => graph.one('Add', [sum, part], {}, info))
  }
}
