// The permutations between tfjs's layouts (channels last) and ONNX's (channels first).
import type { GraphBuilder } from './builder.ts'

/** NDHWC → NCDHW. */
export const toFirst = [0, 4, 1, 2, 3]
/** NCDHW → NDHWC. */
export const toLast = [0, 2, 3, 4, 1]
/** DHWIO → OIDHW. */
export const filterToFirst = [4, 3, 0, 1, 2]

/** Records a transpose. */
export function transpose(graph: GraphBuilder, id: number, perm: readonly number[]): number {
  const { shape, dtype } = graph.info(id)
  return graph.one('Transpose', [id], { perm: [...perm] }, { shape: perm.map(axis => shape[axis]), dtype })
}
