// A hand-written program of one thread an element over whole tensors: the frame around its body.
import { bindWhole, type KernelBindings, type TensorBinding } from '../../../kernels/gpuKernel.ts'
import type { ComputeStep } from '../../../kernels/gpuProgram.ts'
import type { Dtype } from '../../graph.ts'
import { scalarType } from '../chain.ts'
import { mainText, threadStep, Words } from '../wgsl.ts'
import type { Emission, NodeView } from './emission.ts'

/** A buffer of the program: its WGSL name, what it holds, and how many numbers an element of the array has. */
export interface Port {
  readonly name: string
  readonly dtype: Dtype
  readonly width?: 1 | 4
}

export interface ThreadProgram {
  readonly reads: readonly Port[]
  readonly writes: readonly Port[]
  readonly threads: number
  /** Functions and constants before the entry point. */
  readonly declarations?: string
  /** Statements that know `index`, the thread's number. */
  body(words: Words): string
}

function portText({ name, dtype, width = 1 }: Port, binding: number, access: string): string {
  const type = width === 4 ? `vec4<${scalarType(dtype)}>` : scalarType(dtype)
  return `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${type}>;`
}

/** One dispatch on bindings in the order of `reads` and `writes`. */
export function programStep(program: ThreadProgram, bindings: readonly TensorBinding[]): ComputeStep {
  const { reads, writes, threads, declarations = '' } = program
  const words = new Words()
  const count = words.add(threads)
  const main = mainText(count, program.body(words))
  const ports = [
    ...reads.map((port, at) => portText(port, at + 1, 'read')),
    ...writes.map((port, at) => portText(port, reads.length + at + 1, 'read_write')),
  ]
  const code = [words.declaration(), ...ports, declarations, main].join('\n')
  return threadStep(
    code,
    threads,
    words,
    Object.fromEntries(bindings.map((binding, at) => [at + 1, bindWhole(binding)])),
  )
}

/** A node that is one such dispatch on all its inputs and outputs. */
export function programEmission(program: ThreadProgram): Emission {
  return {
    scratch: [],
    isSingle: true,
    steps: ({ inputs, outputs }: KernelBindings) => [
      programStep(program, [...(inputs as readonly TensorBinding[]), ...outputs]),
    ],
  }
}

/** Ports of a node's values under the given names. */
export function portsOf({ from, to }: NodeView, inputs: readonly string[], outputs: readonly string[]) {
  return {
    reads: inputs.map((name, at) => ({ name, dtype: from[at].dtype })),
    writes: outputs.map((name, at) => ({ name, dtype: to[at].dtype })),
  }
}
