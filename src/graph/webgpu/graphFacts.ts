// What the compiler asks of a graph again and again: who makes a value, who reads it, where it is stored.
import { sizeOf } from '../graph.ts'
import type { Dtype, Graph, GraphNode } from '../graph.ts'
import { isLiteral } from './expressions.ts'

export class GraphFacts {
  readonly nodes: readonly GraphNode[]
  private readonly makers = new Map<number, number>()
  private readonly readers = new Map<number, number[]>()
  private readonly outputs: ReadonlySet<number>

  constructor(readonly graph: Graph) {
    this.nodes = graph.nodes
    this.outputs = new Set(Object.values(graph.outputs))
    graph.nodes.forEach((node, at) => {
      for (const id of node.outputs) this.makers.set(id, at)
      for (const id of new Set(node.inputs)) this.readers.set(id, [...(this.readers.get(id) ?? []), at])
    })
  }

  /** Number of the node that computes a value; undefined for inputs and constants. */
  maker(id: number): number | undefined {
    return this.makers.get(id)
  }

  /** Numbers of the nodes that read a value. */
  readersOf(id: number): readonly number[] {
    return this.readers.get(id) ?? []
  }

  isOutput(id: number): boolean {
    return this.outputs.has(id)
  }

  shape(id: number): readonly number[] {
    return this.graph.values[id].shape
  }

  size(id: number): number {
    return sizeOf(this.shape(id))
  }

  dtype(id: number): Dtype {
    return this.graph.values[id].dtype
  }

  /** The number that a program may hold in its text instead of reading the constant. */
  literal(id: number): number | undefined {
    const constant = this.graph.constants.get(id)
    const fill = constant && 'fill' in constant ? constant.fill : undefined
    return isLiteral(fill, this.shape(id)) ? fill : undefined
  }

  /** The value in whose storage this one lies: a reshape moves nothing. */
  owner(id: number): number {
    const at = this.makers.get(id)
    const node = at === undefined ? undefined : this.nodes[at]
    return node?.op === 'Reshape' ? this.owner(node.inputs[0]) : id
  }
}
