// One unit of a plan: what it reads and writes, and the dispatches that do it.
import type { ValueInfo } from '../graph.ts'
import type { Emission } from './emit/emission.ts'

export interface Task {
  /** What it computes, for profiles and reports: the operations in it. */
  readonly label: string
  /** "fused": a generated chain; "kernel": one of our kernels; "generic": a plain program that stands in for one. */
  readonly kind: 'fused' | 'kernel' | 'generic'
  /** Owners of the values read; undefined for an optional input that is missing. */
  readonly inputs: readonly (number | undefined)[]
  /** As the kernel wants them; an owner may be stored under another shape. */
  readonly inputInfos: readonly (ValueInfo | undefined)[]
  /** Values written; each is its own owner. */
  readonly outputs: readonly number[]
  /** Output values that take the place of an input, which must not be read afterwards. */
  readonly replaces: ReadonlyMap<number, number>
  readonly emission: Emission
}
