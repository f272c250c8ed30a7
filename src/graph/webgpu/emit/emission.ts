// What an emitter yields: scratch sizes and, once buffers are known, dispatches.
import type { DeviceFacts, KernelBindings } from '../../../kernels/gpuKernel.ts'
import type { ComputeStep } from '../../../kernels/gpuProgram.ts'
import type { GraphNode, ValueInfo } from '../../graph.ts'

export interface Emission {
  /** Floats of each scratch buffer. */
  readonly scratch: readonly number[]
  /** True when all is one dispatch, so that outputs are never read by what writes another output. */
  readonly isSingle: boolean
  steps(bindings: KernelBindings, device: DeviceFacts): ComputeStep[]
}

/** A node with what is known of its values. */
export interface NodeView {
  readonly node: GraphNode
  readonly from: readonly ValueInfo[]
  readonly to: readonly ValueInfo[]
}

export type Emitter = (view: NodeView) => Emission
