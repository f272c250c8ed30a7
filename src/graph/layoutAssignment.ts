// Chooses for every operation on 5-D grids whether it works with channels last (as traced) or first (as convolutions
// want), so that the fewest elements are transposed. An operation that can do both is a node of a flow network, a value
// read in another layout than it was written costs its size once: the minimum cut is the best assignment.
import type { GraphBuilder } from './builder.ts'
import { sameNumbers, sizeOf } from './graph.ts'
import type { Attributes, Graph, GraphNode } from './graph.ts'
import { toFirst, toLast, transpose } from './layout.ts'
import { FlowNetwork } from './minimumCut.ts'
import { rebuild } from './rebuild.ts'
import { isElementwise, isReduction } from './rules/operations.ts'

const perm = (node: GraphNode) => node.attributes.perm as readonly number[]
const isTranspose = (node: GraphNode, wanted: readonly number[]) =>
  node.op === 'Transpose' && sameNumbers(perm(node), wanted)

/** Where an axis of the channels-last layout stands with channels first. */
const axisInFirst = (axis: number) => toFirst.indexOf(axis)

/** The axes that a reduction keeps stand in one order in both layouts only without space, or without channels. */
function keepsOrder(axes: readonly number[]): boolean {
  const kept = toFirst.filter(axis => !axes.includes(axis))
  return kept.every((axis, at) => at === 0 || axis > kept[at - 1])
}

/** True for operations that this file can turn to channels first. */
function isFlexible(graph: Graph, node: GraphNode): boolean {
  const rankOf = (id: number) => graph.values[id].shape.length
  if (isReduction(node.op)) {
    const { axes, keepDims } = node.attributes
    return rankOf(node.inputs[0]) === 5 && (keepDims === true || keepsOrder(axes as readonly number[]))
  }
  if (rankOf(node.outputs[0]) !== 5) return false
  if (node.op === 'BroadcastTo') return rankOf(node.inputs[0]) === 5
  return isElementwise(node.op) || ['Concat', 'Slice', 'PadV2', 'Softmax', 'LogSoftmax'].includes(node.op)
}

/** Output ids of the nodes that work with channels first. */
function chooseFirst(graph: Graph): Set<number> {
  const network = new FlowNetwork()
  const first = network.node()
  const last = network.node()
  const place = new Map<number, number>()
  const consumers = new Map<number, number[]>()
  const read = (id: number, by: number) => {
    const list = consumers.get(id)
    if (list) list.push(by)
    else consumers.set(id, [by])
  }
  for (const node of graph.nodes) {
    const [output] = node.outputs
    const own = isFlexible(graph, node) ? network.node() : isTranspose(node, toLast) ? first : last
    place.set(output, own)
    // Other transposes cost the same from either layout.
    if (node.op === 'Transpose' && own === last && !isTranspose(node, toFirst)) continue
    const reader = isTranspose(node, toFirst) ? first : isTranspose(node, toLast) ? last : own
    for (const id of node.inputs) read(id, reader)
  }
  for (const id of Object.values(graph.outputs)) read(id, last)
  for (const [id, readers] of consumers) {
    const { shape } = graph.values[id]
    const producer = place.get(id) ?? last
    const isCut =
      shape.length === 5 && !graph.constants.has(id) && readers.some(reader => reader !== producer)
    if (!isCut) continue
    const [toOthers, fromOthers] = [network.node(), network.node()]
    network.edge(producer, toOthers, sizeOf(shape))
    network.edge(fromOthers, producer, sizeOf(shape))
    for (const reader of readers) {
      network.edge(toOthers, reader, Infinity)
      network.edge(reader, fromOthers, Infinity)
    }
  }
  const isFirst = network.cut(first, last)
  const chosen = graph.nodes.filter(node => isFlexible(graph, node) && isFirst[place.get(node.outputs[0])!])
  return new Set(chosen.map(node => node.outputs[0]))
}

/** An operand with channels first; what has no space axes only needs them added. */
function operandFirst(graph: GraphBuilder, id: number): number {
  const { shape, dtype } = graph.info(id)
  if (shape.length === 0) return id
  if (shape.length === 5) {
    const source = graph.producer(id)
    return source && isTranspose(source, toLast) ? source.inputs[0] : transpose(graph, id, toFirst)
  }
  const aligned = [...Array<number>(5 - shape.length).fill(1), ...shape]
  return transpose(graph, graph.one('Reshape', [id], {}, { shape: aligned, dtype }), toFirst)
}

/** The attributes that name axes, for the other layout. */
function attributesFirst(attributes: Attributes): Attributes {
  const reordered = (list: readonly unknown[]) => toFirst.map(axis => list[axis])
  const converted: Record<string, Attributes[string]> = { ...attributes }
  if ('axis' in attributes) converted.axis = axisInFirst(attributes.axis as number)
  if ('axes' in attributes)
    converted.axes = (attributes.axes as readonly number[]).map(axisInFirst).sort((a, b) => a - b)
  if ('begin' in attributes) converted.begin = reordered(attributes.begin as readonly number[]) as number[]
  if ('paddings' in attributes)
    converted.paddings = reordered(attributes.paddings as readonly number[][]) as number[][]
  return converted
}

/** Turns operations to channels first where that saves transposes; they are written around each and cancel later. */
export function assignLayouts(graph: Graph): Graph {
  const chosen = chooseFirst(graph)
  return rebuild(graph, [
    (builder, node, [info]) => {
      if (!chosen.has(node.outputs[0])) return undefined
      const inputs = node.inputs.map(id => operandFirst(builder, id))
      const attributes = attributesFirst(node.attributes)
      if (info.shape.length !== 5) return [builder.one(node.op, inputs, attributes, info)]
      const shape = toFirst.map(axis => info.shape[axis])
      return [transpose(builder, builder.one(node.op, inputs, attributes, { ...info, shape }), toLast)]
    },
  ]).graph
}
