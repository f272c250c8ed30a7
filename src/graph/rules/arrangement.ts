// Rules about nodes that only move elements: what moves nothing vanishes, two in a row become one.
import { sameNumbers } from '../graph.ts'
import type { GraphNode, ValueInfo } from '../graph.ts'
import type { GraphBuilder } from '../builder.ts'
import type { Rule } from '../rebuild.ts'
import { isReduction } from './operations.ts'

type OneOutput = (graph: GraphBuilder, node: GraphNode, info: ValueInfo) => number | undefined

/** The axes in order, those of size 1 left out: two permutations with the same list move elements alike. */
function movedAxes(perm: readonly number[], shape: readonly number[]): number[] {
  return perm.filter(axis => shape[axis] !== 1)
}

const simplifyTranspose: OneOutput = (graph, { inputs: [x], attributes }, info) => {
  const perm = attributes.perm as readonly number[]
  const { shape } = graph.info(x)
  if (perm.every((axis, at) => axis === at)) return x
  const moved = movedAxes(perm, shape)
  if (moved.every((axis, at) => at === 0 || axis > moved[at - 1])) return graph.one('Reshape', [x], {}, info)
  const before = graph.producer(x)
  if (before?.op !== 'Transpose') return undefined
  const first = before.attributes.perm as readonly number[]
  return graph.one('Transpose', [before.inputs[0]], { perm: perm.map(axis => first[axis]) }, info)
}

const simplifyReshape: OneOutput = (graph, { inputs: [x] }, info) => {
  if (sameNumbers(graph.info(x).shape, info.shape)) return x
  const before = graph.producer(x)
  return before?.op === 'Reshape' ? graph.one('Reshape', [before.inputs[0]], {}, info) : undefined
}

/** Slices and repetitions that leave the shape alone. */
const dropIfSameShape: OneOutput = (graph, { inputs: [x] }, info) =>
  sameNumbers(graph.info(x).shape, info.shape) ? x : undefined

/** Negative padding cuts, so that a padding may keep the shape and still move everything. */
const dropEmptyPadding: OneOutput = (_, { inputs: [x], attributes }) =>
  (attributes.paddings as number[][]).every(pair => pair.every(count => count === 0)) ? x : undefined

const simplifySlice: OneOutput = (graph, node, info) => {
  const [x] = node.inputs
  const before = graph.producer(x)
  const begin = node.attributes.begin as readonly number[]
  if (before?.op === 'Slice') {
    const first = before.attributes.begin as readonly number[]
    return graph.one(
      'Slice',
      [before.inputs[0]],
      { begin: begin.map((from, axis) => from + first[axis]) },
      info,
    )
  }
  return dropIfSameShape(graph, node, info)
}

/** A reduction over axes of size 1 moves nothing but those axes. */
const simplifyReduction: OneOutput = (graph, { inputs: [x], attributes }, info) => {
  const axes = attributes.axes as readonly number[]
  const source = graph.info(x)
  if (source.dtype !== info.dtype || !axes.every(axis => source.shape[axis] === 1)) return undefined
  return graph.one('Reshape', [x], {}, info)
}

const byOp: Record<string, OneOutput> = {
  Transpose: simplifyTranspose,
  Reshape: simplifyReshape,
  Slice: simplifySlice,
  PadV2: dropEmptyPadding,
  MirrorPad: dropEmptyPadding,
  Tile: dropIfSameShape,
  BroadcastTo: dropIfSameShape,
  Concat: (_, { inputs }) => (inputs.length === 1 ? inputs[0] : undefined),
  Cast: (graph, { inputs: [x] }, info) => (graph.info(x).dtype === info.dtype ? x : undefined),
}

export const simplifyArrangement: Rule = (graph, node, [info]) => {
  const rule = byOp[node.op] ?? (isReduction(node.op) ? simplifyReduction : undefined)
  const replaced = rule?.(graph, node, info)
  return replaced === undefined ? undefined : [replaced]
}
