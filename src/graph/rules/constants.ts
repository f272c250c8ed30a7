// Rules about constants: what depends on nothing else is computed now, neutral operands vanish, and what is only
// repeated stays small: broadcasting moves behind element-wise operations.
import type { GraphBuilder } from '../builder.ts'
import { broadcastShape, constantData, sameNumbers, sizeOf } from '../graph.ts'
import type { GraphNode, ValueInfo } from '../graph.ts'
import type { Rule } from '../rebuild.ts'
import { evaluate } from './evaluate.ts'
import { isElementwise } from './operations.ts'

// Larger results are folded only when they are no larger than what they are made of.
const largestGrownConstant = 65536

/** The number that every element of a constant has; undefined otherwise. */
export function fillOf(graph: GraphBuilder, id: number): number | undefined {
  const constant = graph.constants.get(id)
  return constant && 'fill' in constant ? constant.fill : undefined
}

/** Replaces a node whose inputs are all constants by its value. */
export const foldConstants: Rule = (graph, node, [info, ...more]) => {
  const { inputs } = node
  if (more.length > 0 || inputs.length === 0 || !inputs.every(id => graph.constants.has(id))) return undefined
  const isUniform = inputs.every(id => fillOf(graph, id) !== undefined)
  if (isUniform && (isElementwise(node.op) || node.op === 'Cast')) {
    const scalar = { shape: [], dtype: info.dtype }
    const operands = inputs.map(id => operand(graph, id, { shape: [], dtype: graph.info(id).dtype }))
    const data = evaluate(node.op, operands, scalar, node.attributes)
    return data && [graph.fill(data[0], info)]
  }
  if (isUniform && ['Reshape', 'Transpose', 'BroadcastTo', 'Slice', 'Reverse', 'Tile'].includes(node.op))
    return [graph.fill(fillOf(graph, inputs[0])!, info)]
  const size = sizeOf(info.shape)
  const read = inputs.reduce((sum, id) => sum + sizeOf(graph.info(id).shape), 0)
  if (size > largestGrownConstant && size > read) return undefined
  const operands = inputs.map(id => operand(graph, id, graph.info(id)))
  const data = evaluate(node.op, operands, info, node.attributes)
  return data && [graph.constant({ data }, info)]
}

function operand(graph: GraphBuilder, id: number, info: ValueInfo) {
  return { ...info, data: constantData(graph.constants.get(id)!, info) }
}

/** The other operand, given the shape of the result. */
function expand(graph: GraphBuilder, id: number, info: ValueInfo): number {
  return sameNumbers(graph.info(id).shape, info.shape) ? id : graph.one('BroadcastTo', [id], {}, info)
}

/** x + 0, x - 0, x · 1, x / 1, x ** 1 are x; x · 0 is 0 (also where x is not finite: no gradient flows there). */
export const dropNeutralOperands: Rule = (graph, { op, inputs }, [info]) => {
  if (inputs.length !== 2) return undefined
  const [left, right] = inputs.map(id => fillOf(graph, id))
  if (op === 'Multiply' && (left === 0 || right === 0)) return [graph.fill(0, info)]
  const neutral = { Add: 0, Sub: 0, Multiply: 1, RealDiv: 1, Pow: 1 }[op]
  if (neutral === undefined) return undefined
  if (right === neutral) return [expand(graph, inputs[0], info)]
  if (left === neutral && (op === 'Add' || op === 'Multiply')) return [expand(graph, inputs[1], info)]
  return undefined
}

/** The smallest value that a broadcast operand is made of. */
function unbroadcast(graph: GraphBuilder, id: number): number {
  const producer = graph.producer(id)
  if (producer?.op === 'BroadcastTo') return producer.inputs[0]
  const fill = fillOf(graph, id)
  return fill === undefined || graph.info(id).shape.length === 0
    ? id
    : graph.fill(fill, { shape: [], dtype: graph.info(id).dtype })
}

/** An element-wise node reads small operands and broadcasts its result, if that is still needed. */
export const broadcastLate: Rule = (graph, node, [info]) => {
  if (!isElementwise(node.op)) return undefined
  const inputs = node.inputs.map(id => unbroadcast(graph, id))
  if (sameNumbers(inputs, node.inputs)) return undefined
  const shape = broadcastShape(...inputs.map(id => graph.info(id).shape))
  const small = graph.one(node.op, inputs, node.attributes, { shape, dtype: info.dtype })
  return [expand(graph, small, info)]
}

/** Sums and means over repeated elements are taken before repeating. */
export const reduceBeforeBroadcast: Rule = (graph, node: GraphNode, [info]) => {
  const source = graph.producer(node.inputs[0])
  if (source?.op !== 'BroadcastTo' || !['Mean', 'Max', 'Min'].includes(node.op)) return undefined
  const small = graph.info(source.inputs[0])
  const axes = node.attributes.axes as readonly number[]
  const { shape } = graph.info(node.inputs[0])
  const isRepeated = (axis: number) => (small.shape[axis - shape.length + small.shape.length] ?? 1) === 1
  if (!axes.every(isRepeated)) return undefined
  const aligned = [...Array<number>(shape.length - small.shape.length).fill(1), ...small.shape]
  const kept = node.attributes.keepDims ? aligned : aligned.filter((_, axis) => !axes.includes(axis))
  const reshaped = graph.one('Reshape', [source.inputs[0]], {}, { shape: kept, dtype: info.dtype })
  return [expand(graph, reshaped, info)]
}
