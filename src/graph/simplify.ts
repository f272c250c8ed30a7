// Makes a graph smaller without changing its results: constants are computed, neutral and repeated work goes, chains of
// moves become one. Rules are applied until none fits any more.
import type { Graph } from './graph.ts'
import { sizeOf } from './graph.ts'
import type { ConstantData } from './graph.ts'
import { rebuild } from './rebuild.ts'
import type { Rule } from './rebuild.ts'
import { divideByMultiplying, gatherFactors } from './rules/factors.ts'
import { simplifyArrangement } from './rules/arrangement.ts'
import {
  broadcastLate,
  dropNeutralOperands,
  foldConstants,
  reduceBeforeBroadcast,
} from './rules/constants.ts'

/** What `simplify` applies. */
export const simplifying: readonly Rule[] = [
  foldConstants,
  dropNeutralOperands,
  simplifyArrangement,
  broadcastLate,
  reduceBeforeBroadcast,
  gatherFactors,
  divideByMultiplying,
]

// Each pass sees all replacements of the one before; graphs of whole training steps settle within six.
const mostPasses = 20

/** Applies rules until none fits. */
export function applyRules(graph: Graph, rules: readonly Rule[]): Graph {
  let current = graph
  for (let pass = 0; pass < mostPasses; pass++) {
    const result = rebuild(current, rules)
    current = result.graph
    if (result.changes === 0 && pass > 0) break
  }
  return current
}

/** The same computation with fewer nodes. Inputs and outputs keep their names, unused inputs stay. */
export function simplify(graph: Graph): Graph {
  return applyRules(graph, simplifying)
}

/**
 * Makes inputs constants: a model's weights, before inference. What depends on nothing else is computed by `simplify`.
 * @throws Error when a name is no input or its number of values does not fit.
 */
export function bindInputs(graph: Graph, values: Readonly<Record<string, ArrayLike<number>>>): Graph {
  const bound = new Map<string, { data: ConstantData }>()
  for (const [name, numbers] of Object.entries(values)) {
    const id = graph.inputs[name]
    if (id === undefined) throw new Error(`bindInputs: the graph has no input '${name}'.`)
    const { shape, dtype } = graph.values[id]
    if (numbers.length !== sizeOf(shape))
      throw new Error(
        `bindInputs: '${name}' has shape [${shape.join(',')}] but ${numbers.length} values came.`,
      )
    bound.set(name, { data: dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers) })
  }
  return simplify(rebuild(graph, [], bound).graph)
}
