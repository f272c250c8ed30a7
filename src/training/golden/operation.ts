// What a fixture's `op` stands for, and what a path (a way to run tensor programs) must offer.
import type * as tf from '@tensorflow/tfjs-core'
import type { Runtime } from '../../graph/session.ts'
import type { PlanRuntime } from '../../graph/webgpu/runtime.ts'
import type { Check } from './compare.ts'
import type { Fixture, HostTensors } from './fixture.ts'

export type Tensors = Record<string, tf.Tensor>

/** A traced function: tensors in, tensors out, no control flow that depends on data. */
export type Program = (inputs: Tensors) => Tensors

/** A way to run a program: tfjs on the CPU, a compiled ONNX graph, tfjs on WebGPU, plans compiled for WebGPU. */
export interface Path {
  readonly name: 'tfjs' | 'onnx' | 'webgpu' | 'plan' | 'plan-f16'
  /** Whether backward passes and whole training steps are within reach of this path. */
  readonly isFastEnoughToTrain: boolean
  /** Of a tensor's largest value: what storing values as halves may change, where the path does that. Inference only. */
  readonly halfError?: number
  /** What the product's training step is compiled for, where the path is made of it. */
  readonly runtime?: Runtime | PlanRuntime
  /** Runs once. `constants` are inputs that never change, such as weights at inference. */
  run(program: Program, inputs: HostTensors, constants?: HostTensors): Promise<HostTensors>
  /** Prepares a program that runs several times with inputs of the same shapes. */
  prepare(program: Program, example: HostTensors): Promise<PreparedProgram>
}

export interface PreparedProgram {
  run(inputs: HostTensors): Promise<HostTensors>
  release(): Promise<void>
}

/** An operation that is a differentiable program of the fixture's own tensors (`in.*`, `param.*`). */
export interface GraphOperation {
  readonly kind: 'graph'
  /** Computes the tensors called `out.*`; keys here are without that prefix. */
  outputs(tensors: Tensors, fixture: Fixture): Tensors
  /** Outputs that make up the differentiated loss; default: those with a cotangent, else the scalars. */
  readonly differentiated?: (fixture: Fixture) => readonly string[]
  /** Whether gradients are compared on every path, a software adapter's too. */
  readonly isQuick?: boolean
}

/** An operation of plain numbers, the same on every device. */
export interface HostOperation {
  readonly kind: 'host'
  check(fixture: Fixture): Check[]
}

/** A whole network or training run, which organises its own passes. */
export interface WholeOperation {
  readonly kind: 'whole'
  /** A forward pass alone. */
  readonly isInference?: boolean
  check(fixture: Fixture, path: Path): Promise<Check[]>
}

export type Operation = GraphOperation | HostOperation | WholeOperation
