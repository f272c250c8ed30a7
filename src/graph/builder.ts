// Writes a graph node by node. Equal constants and equal nodes become one, so common subexpressions never enter.
import { sizeOf } from './graph.ts'
import type { Attributes, Constant, ConstantData, Graph, GraphNode, ValueInfo } from './graph.ts'

// Constants larger than this are not compared element by element.
const largestComparedConstant = 4096

export class GraphBuilder {
  readonly values: ValueInfo[] = []
  readonly constants = new Map<number, Constant>()
  readonly nodes: GraphNode[] = []
  private readonly inputs: Record<string, number> = {}
  private readonly known = new Map<string, readonly number[]>()
  private readonly expected = new Map<number, number>()
  private readonly producers = new Map<number, GraphNode>()

  info(id: number): ValueInfo {
    return this.values[id]
  }

  /** The node that computes a value; undefined for inputs and constants. */
  producer(id: number): GraphNode | undefined {
    return this.producers.get(id)
  }

  /** How many readers a value of the graph being copied will have; 0 for values that a rule made up. */
  uses(id: number): number {
    return this.expected.get(id) ?? 0
  }

  /** Adds to what `uses` says. */
  expectUses(id: number, count: number): void {
    this.expected.set(id, this.uses(id) + count)
  }

  input(name: string, info: ValueInfo): number {
    const id = this.value(info)
    this.inputs[name] = id
    return id
  }

  /** A constant; data whose elements are all equal is kept as one number. */
  constant(constant: Constant, info: ValueInfo): number {
    const compact = 'data' in constant ? compactConstant(constant.data) : constant
    const key = constantKey(compact, info)
    const known = key === undefined ? undefined : this.known.get(key)
    if (known) return known[0]
    const id = this.value(info)
    this.constants.set(id, compact)
    if (key !== undefined) this.known.set(key, [id])
    return id
  }

  fill(value: number, info: ValueInfo): number {
    return this.constant({ fill: value }, info)
  }

  /** Appends a node, or finds the equal one. Returns the ids of its outputs. */
  add(
    op: string,
    inputs: readonly number[],
    attributes: Attributes,
    outputs: readonly ValueInfo[],
  ): readonly number[] {
    const key = JSON.stringify([op, inputs, attributes, outputs])
    const known = this.known.get(key)
    if (known) return known
    const ids = outputs.map(info => this.value(info))
    const node = { op, inputs: [...inputs], outputs: ids, attributes }
    this.nodes.push(node)
    for (const id of ids) this.producers.set(id, node)
    this.known.set(key, ids)
    return ids
  }

  /** As `add`, for nodes with one output. */
  one(op: string, inputs: readonly number[], attributes: Attributes, info: ValueInfo): number {
    return this.add(op, inputs, attributes, [info])[0]
  }

  finish(outputs: Readonly<Record<string, number>>): Graph {
    const { values, constants, nodes, inputs } = this
    return { inputs, outputs, values, constants, nodes }
  }

  private value(info: ValueInfo): number {
    this.values.push({ shape: [...info.shape], dtype: info.dtype })
    return this.values.length - 1
  }
}

function compactConstant(data: ConstantData): Constant {
  // -0 and NaN must survive, hence Object.is.
  return data.length > 0 && data.every(value => Object.is(value, data[0])) ? { fill: data[0] } : { data }
}

function constantKey(constant: Constant, info: ValueInfo): string | undefined {
  const head = `constant ${info.dtype} ${info.shape.join(',')}: `
  if ('fill' in constant) return `${head}fill ${Object.is(constant.fill, -0) ? '-0' : constant.fill}`
  return sizeOf(info.shape) > largestComparedConstant ? undefined : head + constant.data.join(',')
}
