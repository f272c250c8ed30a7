// One piece of work that every entrant of the benchmark does on the same numbers, written once in the project's own
// tensor functions: those call our kernels where a backend or a plan has them and tfjs's operations everywhere else, so
// that the same function is ours compiled, ours eager, tfjs composed and, traced, the ONNX file.
import type * as Jax from '@jax-js/jax'
import type * as tf from '@tensorflow/tfjs-core'
import type { InputSpec } from '../../src/graph/trace.ts'

export type Tensors = Record<string, tf.Tensor>
export type Values = Readonly<Record<string, Float32Array | Int32Array>>
export type JaxArrays = Record<string, Jax.numpy.Array>

export interface BenchInput extends InputSpec {
  /** Numbers are uniform within ± this; default 1. Whole numbers are 0 or 1. */
  readonly scale?: number
}

export interface BenchCase {
  /** Unique, for people: operation, sizes, direction. */
  readonly name: string
  readonly inputs: Readonly<Record<string, BenchInput>>
  /** An output with an input's name takes its place in a compiled plan, as a training step's parameters do. */
  compute(inputs: Tensors): Tensors
  /** Inputs that must be more than noise, such as a network's weights. */
  values?(): Values
  /** Outputs that are compared between entrants; default: all. */
  readonly compared?: readonly string[]
  /** Too long for a software adapter, and measured to see the processor's path. */
  readonly isForProcessor?: boolean
  /** The same work for jax-js, whose functions take ownership of what they are given. */
  jax?(jax: typeof Jax, inputs: JaxArrays): JaxArrays
}

/** A tensor of single-precision numbers. */
export const floats = (...shape: number[]): BenchInput => ({ shape, dtype: 'float32' })

/** How much may be asked of this machine. */
export interface Scale {
  readonly level: 'quick' | 'normal' | 'full'
  /** A processor plays GPU: everything is a thousand times slower. */
  readonly isSoftware: boolean
}

/** A size for each scale; `full` is what the published goals are stated at on a software adapter. */
export function pickSize(
  { level, isSoftware }: Scale,
  sizes: { readonly quick: number; readonly normal: number; readonly full: number; readonly gpu: number },
): number {
  return isSoftware || level === 'quick' ? sizes[level] : sizes.gpu
}

/** Reproducible numbers for an input, another sequence for each name. */
export function makeValues(name: string, { shape, dtype, scale = 1 }: BenchInput): Float32Array | Int32Array {
  const count = shape.reduce((product, side) => product * side, 1)
  let state = [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619), 2166136261)
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  if (dtype === 'int32') return Int32Array.from({ length: count }, () => Math.round(next()))
  return Float32Array.from({ length: count }, () => scale * (2 * next() - 1))
}

/** All inputs of a case as numbers. */
export function caseValues({ inputs, values }: BenchCase): Values {
  const given = values?.() ?? {}
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, given[name] ?? makeValues(name, input)]),
  )
}
