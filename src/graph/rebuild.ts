// Copies a graph node by node through a GraphBuilder, giving rules the chance to write something else in a node's place.
// Dead nodes are left behind, equal nodes become one.
import { GraphBuilder } from './builder.ts'
import type { Constant, Graph, GraphNode, ValueInfo } from './graph.ts'

/**
 * Writes a replacement for `node` (whose inputs are ids of the new graph) and returns its outputs' ids, or returns
 * undefined to leave it to the next rule. `infos` describe the outputs wanted.
 */
export type Rule = (
  graph: GraphBuilder,
  node: GraphNode,
  infos: readonly ValueInfo[],
) => readonly number[] | undefined

/** Ids of the nodes whose results reach an output. */
function liveNodes(graph: Graph): Set<GraphNode> {
  const needed = new Set(Object.values(graph.outputs))
  const live = new Set<GraphNode>()
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    const node = graph.nodes[index]
    if (!node.outputs.some(id => needed.has(id))) continue
    live.add(node)
    for (const id of node.inputs) needed.add(id)
  }
  return live
}

/** How many nodes and outputs read each value. */
function countUses(graph: Graph, live: ReadonlySet<GraphNode>): Map<number, number> {
  const uses = new Map<number, number>()
  const readers = [...live].flatMap(node => node.inputs).concat(Object.values(graph.outputs))
  for (const id of readers) uses.set(id, (uses.get(id) ?? 0) + 1)
  return uses
}

/** One pass over the graph; `changes` counts the nodes that a rule replaced. Unused inputs stay inputs. */
export function rebuild(
  graph: Graph,
  rules: readonly Rule[],
  bound: ReadonlyMap<string, Constant> = new Map(),
): { graph: Graph; changes: number } {
  const builder = new GraphBuilder()
  const renamed = new Map<number, number>()
  const live = liveNodes(graph)
  const uses = countUses(graph, live)
  let changes = 0
  const rename = (old: number, id: number) => {
    renamed.set(old, id)
    builder.expectUses(id, uses.get(old) ?? 0)
    return id
  }
  for (const [name, id] of Object.entries(graph.inputs)) {
    const constant = bound.get(name)
    const info = graph.values[id]
    rename(id, constant ? builder.constant(constant, info) : builder.input(name, info))
  }
  const idOf = (old: number): number =>
    renamed.get(old) ?? rename(old, builder.constant(graph.constants.get(old)!, graph.values[old]))
  for (const node of graph.nodes) {
    if (!live.has(node)) continue
    const moved = { ...node, inputs: node.inputs.map(idOf) }
    const infos = node.outputs.map(id => graph.values[id])
    let outputs: readonly number[] | undefined
    for (const rule of rules) if ((outputs = rule(builder, moved, infos))) break
    if (outputs) changes += 1
    else outputs = builder.add(node.op, moved.inputs, node.attributes, infos)
    node.outputs.forEach((old, index) => rename(old, outputs[index]))
  }
  const outputs = Object.fromEntries(Object.entries(graph.outputs).map(([name, id]) => [name, idOf(id)]))
  return { graph: builder.finish(outputs), changes }
}
