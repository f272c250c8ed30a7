// Rewrites tfjs's convolutions (channels last) as ONNX's: x [N, C, D, H, W], filter [O, C, k, k, k]. The transposes
// around them are ordinary nodes, which layout assignment then removes wherever neighbours agree.
// Gradients: input = convolution of dy with the flipped, swapped filter (transposed convolution when strided);
// filter = a matrix product (filterGradient.ts); when strided, convolution of x and dy with batch and channels exchanged.
import type { GraphBuilder } from './builder.ts'
import { sizeOf } from './graph.ts'
import type { GraphNode, ValueInfo } from './graph.ts'
import { convolveByPlanes } from './planeConvolution.ts'
import type { Convolve } from './planeConvolution.ts'
import { filterGradient } from './filterGradient.ts'
import { filterToFirst, toFirst, toLast, transpose } from './layout.ts'
import type { Rule } from './rebuild.ts'

type Lower = (graph: GraphBuilder, node: GraphNode, info: ValueInfo) => number

function permuted({ shape, dtype }: ValueInfo, perm: readonly number[]): ValueInfo {
  return { shape: perm.map(axis => shape[axis]), dtype }
}

const triple = (value: unknown): readonly number[] => value as readonly number[]

const convolvePlainly: Convolve = (graph, x, filter, attributes, info) =>
  graph.one('Conv', [x, filter], attributes, info)

function forward(convolve: Convolve): Lower {
  return (graph, { inputs: [x, filter], attributes }, info) => {
    const operands = [transpose(graph, x, toFirst), transpose(graph, filter, filterToFirst)] as const
    return transpose(graph, convolve(graph, ...operands, attributes, permuted(info, toFirst)), toLast)
  }
}

/** The filter turned around in all three axes. As rows, so that whole blocks are copied: for 384² 10 ms with its convolution instead of 16. */
function flip(graph: GraphBuilder, filter: number): number {
  const info = graph.info(filter)
  const [Kd, Kh, Kw, from, to] = info.shape
  const rows = { shape: [Kd * Kh * Kw, from * to], dtype: info.dtype }
  const flat = graph.one('Reshape', [filter], {}, rows)
  const flipped = graph.one('Reverse', [flat], { axes: [0] }, rows)
  return graph.one('Reshape', [flipped], {}, info)
}

/**
 * A filter much larger than the grid is not worth turning around: transposed convolution reads it as it is. Measured for
 * 3³ and one thread: 384→384 channels at 2³ 5 ms against 16, 192→384 at 4³ 6 against 11, 96→96 at 8³ 13 against 4.
 */
function isLargeFilter(graph: GraphBuilder, dy: number): boolean {
  const [N, ...sides] = graph.info(dy).shape
  const channels = sides.shift()!
  return 4 * N * sizeOf(sides) <= channels
}

function inputGradient(convolve: Convolve, isTuned: boolean): Lower {
  return (graph, node, info) => {
    const { inputs, attributes } = node
    const { strides, padBefore, padAfter, dilations } = attributes
    const dy = transpose(graph, inputs[0], toFirst)
    const kernel = graph.info(inputs[1]).shape.slice(0, 3)
    const result = permuted(info, toFirst)
    if (triple(strides).some(stride => stride !== 1) || (isTuned && isLargeFilter(graph, dy))) {
      const filter = transpose(graph, inputs[1], filterToFirst) // [O, I, k, k, k]: ONNX's order for transposed convolution
      return transpose(graph, graph.one('ConvTranspose', [dy, filter], attributes, result), toLast)
    }
    const swapped = transpose(graph, flip(graph, inputs[1]), [3, 4, 0, 1, 2]) // [I, O, k, k, k]
    const reach = kernel.map((size, axis) => (size - 1) * triple(dilations)[axis])
    const opposite = {
      strides,
      dilations,
      padBefore: reach.map((each, axis) => each - triple(padBefore)[axis]),
      padAfter: reach.map((each, axis) => each - triple(padAfter)[axis]),
    }
    return transpose(graph, convolve(graph, dy, swapped, opposite, result), toLast)
  }
}

/** dy as the kernel of a convolution over x, channels as batch, the stride as dilation. */
function stridedFilterGradient(
  graph: GraphBuilder,
  { inputs: [x, dy], attributes }: GraphNode,
  info: ValueInfo,
): number {
  const { strides, padBefore, padAfter, dilations } = attributes
  const [kd, kh, kw, from, to] = info.shape
  const input = transpose(graph, x, [4, 0, 1, 2, 3]) // [I, N, D, H, W]
  const kernel = transpose(graph, dy, [4, 0, 1, 2, 3]) // [O, N, d, h, w]
  const source = graph.info(input).shape
  const taps = graph.info(kernel).shape
  // A strided convolution may leave voxels at the end unread; they make the result larger than the filter.
  const reached = [0, 1, 2].map(axis => {
    const span = (taps[axis + 2] - 1) * triple(strides)[axis]
    const padded = source[axis + 2] + triple(padBefore)[axis] + triple(padAfter)[axis]
    return Math.floor((padded - span - 1) / triple(dilations)[axis]) + 1
  })
  const exchanged = { strides: dilations, dilations: strides, padBefore, padAfter }
  const whole = { shape: [from, to, ...reached], dtype: info.dtype }
  const correlated = graph.one('Conv', [input, kernel], exchanged, whole)
  const cropped = { shape: [from, to, kd, kh, kw], dtype: info.dtype }
  const filter = graph.one('Slice', [correlated], { begin: [0, 0, 0, 0, 0] }, cropped)
  return transpose(graph, filter, [2, 3, 4, 0, 1])
}

function gradientOfFilter(graph: GraphBuilder, node: GraphNode, info: ValueInfo): number {
  const { strides, dilations, padBefore } = node.attributes
  if ([...triple(strides), ...triple(dilations)].some(each => each !== 1))
    return stridedFilterGradient(graph, node, info)
  const [x, dy] = node.inputs.map(id => transpose(graph, id, toFirst))
  return filterGradient(graph, x, dy, { kernel: info.shape.slice(0, 3), padBefore: triple(padBefore) })
}

/** Replaces the three convolution kernels; `isTuned` chooses among equal forms by what was measured. */
export function channelsFirst(isTuned: boolean): Rule {
  const convolve = isTuned ? convolveByPlanes(convolvePlainly) : convolvePlainly
  const lowerings: Record<string, Lower> = {
    Conv3D: forward(convolve),
    Conv3DBackpropInputV2: inputGradient(convolve, isTuned),
    Conv3DBackpropFilterV2: gradientOfFilter,
  }
  return (graph, node, [info]) => {
    const lower = lowerings[node.op]
    return lower && [lower(graph, node, info)]
  }
}
