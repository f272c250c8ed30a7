// Which nodes become one generated program: from a root backwards, an element-wise node joins when everybody who reads
// it is in the group already, so that its value need not exist in memory.
import type { GraphNode } from '../graph.ts'
import { sameNumbers } from '../graph.ts'
import { ChainBuilder } from './chainBuilder.ts'
import { isExpression } from './expressions.ts'
import type { GraphFacts } from './graphFacts.ts'
import { isMove } from './view.ts'

/** WebGPU's guaranteed number of storage buffers a dispatch may bind. */
const mostBuffers = 8
/** A program's length is bounded, and with it the driver's time to compile it. */
const mostMembers = 48
/** Members that are computed anew for each element although their own shape is smaller. */
const mostRepeated = 6

export interface Group {
  readonly builder: ChainBuilder
  readonly members: ReadonlySet<number>
  /** Values of the chain's shape that others need too, and which are therefore written beside the root's. */
  readonly extras: readonly number[]
}

export interface GroupRequest {
  readonly facts: GraphFacts
  /** The nodes in the group from the start, whose operands are what may join. */
  readonly roots: readonly number[]
  /** Values to start from; the roots' own values or operands. */
  readonly values: readonly number[]
  readonly shape: readonly number[]
  /** True when the task of a node has been made already: it comes later in the plan. */
  isLater(node: number): boolean
  readonly allowsExtras: boolean
  /** Buffers that the task writes beside extras. */
  readonly results: number
}

/** Highest node first, so that a candidate's readers are decided before it. */
function takeHighest(candidates: Set<number>): number {
  const highest = Math.max(...candidates)
  candidates.delete(highest)
  return highest
}

function choose(request: GroupRequest): { order: number[]; extras: Map<number, number> } {
  const { facts, roots, shape } = request
  const members = new Set(roots)
  const order = [...roots]
  const extras = new Map<number, number>()
  const candidates = new Set<number>()
  const offer = (id: number) => {
    const maker = facts.maker(id)
    if (maker !== undefined && !members.has(maker)) candidates.add(maker)
  }
  const offerOperands = (node: GraphNode) => node.inputs.forEach(offer)
  roots.forEach(root => offerOperands(facts.nodes[root]))
  let repeated = 0
  while (candidates.size > 0 && members.size < mostMembers) {
    const at = takeHighest(candidates)
    const node = facts.nodes[at]
    if (!isExpression(node.op) && !isMove(node.op)) continue
    const [id] = node.outputs
    const isInside = facts.readersOf(id).every(reader => members.has(reader)) && !facts.isOutput(id)
    if (!isInside) {
      const isSafe = facts.readersOf(id).every(reader => members.has(reader) || request.isLater(reader))
      const fits = isExpression(node.op) && sameNumbers(facts.shape(id), shape)
      if (!request.allowsExtras || !isSafe || !fits) continue
      extras.set(at, id)
    }
    if (isExpression(node.op) && facts.size(id) < facts.size(request.values[0]) && ++repeated > mostRepeated)
      continue
    members.add(at)
    order.push(at)
    offerOperands(node)
  }
  return { order, extras }
}

/** The largest group around the request's values that a dispatch can bind. */
export function buildGroup(request: GroupRequest): Group {
  const { facts, shape, values, roots } = request
  const { order, extras } = choose(request)
  for (;;) {
    const members = new Set(order)
    const written = [...extras].filter(([at]) => members.has(at)).map(([, id]) => id)
    const builder = new ChainBuilder(facts, shape, members)
    ;[...values, ...written].forEach(id => builder.add(id))
    const buffers = builder.inputs.length + written.length + request.results
    if (buffers <= mostBuffers || order.length === roots.length) return { builder, members, extras: written }
    order.pop()
  }
}
