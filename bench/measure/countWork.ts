// Floating-point operations and bytes of a piece of work, from its graph as traced, before any simplification: the same
// figure for every entrant, however cleverly it computes. One operation an element for what is element-wise, exp and erf
// too; two for each product that is summed; nothing for moving and comparing.
import type { Graph, GraphNode } from '../../src/graph/graph.ts'
import { sizeOf } from '../../src/graph/graph.ts'

export interface Work {
  readonly flops: number
  /** Every input read once and every output written once: less cannot be moved. */
  readonly bytes: number
}

const reductions = new Set(['Sum', 'Mean', 'Max', 'Min', 'Prod', 'UnsortedSegmentSum', 'Cumsum'])
const free = new Set([
  ...[
    'Reshape',
    'Transpose',
    'Slice',
    'Concat',
    'PadV2',
    'GatherV2',
    'GatherNd',
    'ScatterNd',
    'Identity',
    'Cast',
  ],
  ...[
    'Tile',
    'OneHot',
    'Select',
    'Reverse',
    'BroadcastTo',
    'Range',
    'TopK',
    'ArgMax',
    'ArgMin',
    'All',
    'Any',
  ],
  ...[
    'Greater',
    'GreaterEqual',
    'Less',
    'LessEqual',
    'Equal',
    'NotEqual',
    'LogicalAnd',
    'LogicalOr',
    'LogicalNot',
  ],
])
/** max, subtract, exp, sum, divide; the logarithm's takes as many. */
const softmaxOperations = 5

function countNode({ op, inputs, outputs, attributes }: GraphNode, { values }: Graph): number {
  const shapes = inputs.map(id => values[id].shape)
  const made = outputs.reduce((sum, id) => sum + sizeOf(values[id].shape), 0)
  if (op === 'BatchMatMul') return 2 * made * (shapes[0].at(attributes.transposeA === true ? -2 : -1) ?? 1)
  if (op === 'Conv3D') return 2 * made * sizeOf(shapes[1].slice(0, 4))
  if (op === 'Conv3DBackpropInputV2') {
    // dy and the filter [k, k, k, in, out]: each gradient voxel goes to k³·in inputs.
    const [dy, filter] = shapes
    return 2 * sizeOf(dy) * sizeOf(filter.slice(0, 4))
  }
  if (op === 'Conv3DBackpropFilterV2') {
    const [x, dy] = shapes
    return 2 * sizeOf(dy) * sizeOf(values[outputs[0]].shape.slice(0, 3)) * x[4]
  }
  if (op === 'Softmax' || op === 'LogSoftmax') return softmaxOperations * made
  if (reductions.has(op)) return sizeOf(shapes[0])
  return free.has(op) ? 0 : made
}

/** Work of a traced graph. */
export function countWork(graph: Graph): Work {
  const bytesOf = (ports: Readonly<Record<string, number>>) =>
    Object.values(ports).reduce((sum, id) => sum + 4 * sizeOf(graph.values[id].shape), 0)
  return {
    flops: graph.nodes.reduce((sum, node) => sum + countNode(node, graph), 0),
    bytes: bytesOf(graph.inputs) + bytesOf(graph.outputs),
  }
}
