// What a lowering is: how one node of our graph is written as ONNX nodes.
import type { GraphNode, ValueInfo } from '../graph.ts'
import type { OnnxModel } from './onnxModel.ts'

export interface LoweringNode {
  readonly op: string
  readonly attributes: GraphNode['attributes']
  /** Names of the inputs and what they are. */
  readonly inputs: readonly string[]
  readonly from: readonly ValueInfo[]
  /** Names that the outputs must get and what they are. */
  readonly outputs: readonly string[]
  readonly to: readonly ValueInfo[]
}

export type Lowering = (model: OnnxModel, node: LoweringNode) => void
export type Lowerings = Readonly<Record<string, Lowering>>

/** Attribute readers; the graph's own rules guarantee the types. */
export const numbers = (value: unknown): readonly number[] => value as readonly number[]
export const ints = (value: unknown) => ({ ints: value as readonly number[] })
export const flag = (value: unknown) => ({ int: value === true ? 1 : 0 })
