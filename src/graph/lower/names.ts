// How values are called in an ONNX file. Files that we run ourselves get short names; files that people open get the
// module that a value belongs to and its operation, `decoder.decoder1.conv_block.conv1.conv/Conv`. The graph knows no
// modules, but its weights do: what reads a weight belongs to the weight's module, what reads that follows.
import type { Graph, GraphNode } from '../graph.ts'

export interface Naming {
  /** Name of a port in the file. */
  port(kind: 'in' | 'out', name: string): string
  /** Says which node is written now; names that follow may depend on it. */
  enter(node: GraphNode): void
  /** A name that no other value has; `hint` says what makes the value. */
  fresh(hint: string): string
  /** As `fresh`, for a constant of a type. */
  constant(type: string): string
}

/** Name of a port of a file for ourselves: one name may be input and output, and neither is a value's in between. */
export const portName = (kind: 'in' | 'out', name: string): string => `${kind}.${name}`

export function shortNames(): Naming {
  let count = 0
  const next = () => `v${count++}`
  return { port: portName, enter: () => {}, fresh: next, constant: next }
}

interface Place {
  readonly module: string
  /** Nothing but weights and constants reach the value. */
  readonly isOfWeights: boolean
}

/** ONNX's names of operations that tfjs calls otherwise. */
const plainNames: Readonly<Record<string, string>> = {
  BatchMatMul: 'MatMul',
  BroadcastTo: 'Expand',
  GatherV2: 'Gather',
  Multiply: 'Mul',
  PadV2: 'Pad',
  RealDiv: 'Div',
}

/** Ports keep their names; `weights` are inputs of `graph` called module.leaf. */
export function moduleNames(graph: Graph, weights: ReadonlySet<string>): Naming {
  const places = new Map<number, Place>()
  for (const [name, id] of Object.entries(graph.inputs)) {
    const isOfWeights = weights.has(name)
    places.set(id, { module: isOfWeights ? name.slice(0, name.lastIndexOf('.')) : name, isOfWeights })
  }
  const used = new Map<string, number>()
  const unique = (base: string) => {
    const count = used.get(base) ?? 0
    used.set(base, count + 1)
    return count === 0 ? base : `${base}_${count}`
  }
  let module = ''
  return {
    port: (_, name) => name,
    enter({ inputs, outputs }) {
      // Ids grow along the graph, so that the latest input is the branch that joins a residual.
      const known = [...inputs].sort((a, b) => b - a).flatMap(id => places.get(id) ?? [])
      const isOfWeights = known.every(place => place.isOfWeights)
      const place = known.find(each => each.isOfWeights) ?? known[0]
      module = place?.module ?? 'constants'
      if (place) for (const id of outputs) places.set(id, { module, isOfWeights })
    },
    fresh: hint => unique(`${module}/${plainNames[hint] ?? hint}`),
    constant: type => unique(`constants/${type}`),
  }
}
