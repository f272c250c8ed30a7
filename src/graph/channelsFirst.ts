// Rewrites tfjs's convolutions (channels last) as ONNX's: x [N, C, D, H, W], filter [O, C, k, k, k]. The transposes
// around them are ordinary nodes, which layout assignment then removes wherever neighbours agree.
// Gradients: input = convolution of dy with the flipped, swapped filter (transposed convolution when strided);
// filter = a matrix product (filterGradient.ts); when strided, convolution of x and dy with batch and channels exchanged.
import type { GraphBuilder } from './builder.ts'
import type { GraphNode, ValueInfo } from './graph.ts'
import { filterGradient } from './filterGradient.ts'
import { filterToFirst, toFirst, toLast, transpose } from './layout.ts'
import type { Rule } from './rebuild.ts'

function permuted({ shape, dtype }: ValueInfo, perm: readonly number[]): ValueInfo {
  return { shape: perm.map(axis => shape[axis]), dtype }
}

const triple = (value: unknown): readonly number[] => value as readonly number[]

function forward(
  graph: GraphBuilder,
  { inputs: [x, filter], attributes }: GraphNode,
  info: ValueInfo,
): number {
  const operands = [transpose(graph, x, toFirst), transpose(graph, filter, filterToFirst)]
  const y = graph.one('Conv', operands, attributes, permuted(info, toFirst))
  return transpose(graph, y, toLast)
}

function inputGradient(graph: GraphBuilder, node: GraphNode, info: ValueInfo): number {
  const { inputs, attributes } = node
  const { strides, padBefore, padAfter, dilations } = attributes
  const dy = transpose(graph, inputs[0], toFirst)
  const kernel = graph.info(inputs[1]).shape.slice(0, 3)
  const result = permuted(info, toFirst)
  if (triple(strides).some(stride => stride !== 1)) {
    const filter = transpose(graph, inputs[1], filterToFirst) // [O, I, k, k, k]: ONNX's order for transposed convolution
    return transpose(graph, graph.one('ConvTranspose', [dy, filter], attributes, result), toLast)
  }
  const flipped = graph.one('Reverse', [inputs[1]], { axes: [0, 1, 2] }, graph.info(inputs[1]))
  const swapped = transpose(graph, flipped, [3, 4, 0, 1, 2]) // [I, O, k, k, k]
  const reach = kernel.map((size, axis) => (size - 1) * triple(dilations)[axis])
  const opposite = {
    strides,
    dilations,
    padBefore: reach.map((each, axis) => each - triple(padBefore)[axis]),
    padAfter: reach.map((each, axis) => each - triple(padAfter)[axis]),
  }
  return transpose(graph, graph.one('Conv', [dy, swapped], opposite, result), toLast)
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

const lowerings: Record<string, (graph: GraphBuilder, node: GraphNode, info: ValueInfo) => number> = {
  Conv3D: forward,
  Conv3DBackpropInputV2: inputGradient,
  Conv3DBackpropFilterV2: gradientOfFilter,
}

/** Replaces the three convolution kernels. */
export const useChannelsFirst: Rule = (graph, node, [info]) => {
  const lower = lowerings[node.op]
  return lower && [lower(graph, node, info)]
}
