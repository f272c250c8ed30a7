// Rules about products: factors with few elements meet each other before they meet a large tensor.
import type { GraphBuilder } from '../builder.ts'
import { sizeOf } from '../graph.ts'
import type { Rule } from '../rebuild.ts'
import { fillOf } from './constants.ts'

const isNumber = (graph: GraphBuilder, id: number) => graph.info(id).shape.length === 0

// Products of numbers beyond these could leave float32's range where the original order did not.
const smallestFactor = 1e-12
const largestFactor = 1e12

function isModerate(graph: GraphBuilder, id: number): boolean {
  const value = Math.abs(fillOf(graph, id) ?? 1)
  return value >= smallestFactor && value <= largestFactor
}

/** a · (x · c) is x · (a · c) where a and c are smaller than x and one of them is a number. */
export const gatherFactors: Rule = (graph, node, [info]) => {
  if (node.op !== 'Multiply') return undefined
  const size = sizeOf(info.shape)
  const sizeOfValue = (id: number) => sizeOf(graph.info(id).shape)
  for (const [small, product] of [node.inputs, [...node.inputs].reverse()]) {
    const inner = graph.producer(product)
    if (inner?.op !== 'Multiply' || sizeOfValue(small) >= size || sizeOfValue(product) !== size) continue
    for (const [x, factor] of [inner.inputs, [...inner.inputs].reverse()]) {
      const fits =
        sizeOfValue(x) === size &&
        sizeOfValue(factor) < size &&
        isModerate(graph, small) &&
        isModerate(graph, factor)
      if (!fits || !(isNumber(graph, small) || isNumber(graph, factor))) continue
      const shape = graph.info(isNumber(graph, small) ? factor : small).shape
      const together = graph.one('Multiply', [small, factor], {}, { shape, dtype: info.dtype })
      return [graph.one('Multiply', [x, together], {}, info)]
    }
  }
  return undefined
}

/** x / c is x · (1 / c) for a known c: half the time; the last bit may differ. */
export const divideByMultiplying: Rule = (graph, node, [info]) => {
  const divisor = node.op === 'RealDiv' ? fillOf(graph, node.inputs[1]) : undefined
  if (divisor === undefined || info.dtype !== 'float32') return undefined
  const inverse = Math.fround(1 / divisor)
  // Where 1 / c is no normal number the quotient could not be kept.
  if (!Number.isFinite(inverse) || Math.abs(inverse) < 1e-37) return undefined
  const { shape } = graph.info(node.inputs[1])
  const factor = graph.fill(inverse, { shape, dtype: 'float32' })
  return [graph.one('Multiply', [node.inputs[0], factor], {}, info)]
}
