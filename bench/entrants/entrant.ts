// A way of doing a case's work. `prepare` may fail with any error: it becomes a line of the results.
import { traceGraph } from '../../src/graph/trace.ts'
import type { Graph } from '../../src/graph/graph.ts'
import type { ProfileRow } from '../../src/graph/webgpu/profileTable.ts'
import { caseValues, type BenchCase, type Values } from '../cases/case.ts'

/** A case with what entrants share: its numbers and its graph, made when first asked for. */
export interface PreparedCase {
  readonly benchCase: BenchCase
  readonly values: Values
  /** Outputs that are compared. */
  readonly compared: readonly string[]
  /** Composed of tfjs's operations, unsimplified. */
  readonly graph: Graph
  /** With our kernels whole. */
  readonly wholeGraph: () => Graph
  /** Called while something long goes on as it should. */
  readonly alive: () => void
}

export interface Runner {
  /** What must be done before the clock starts, such as making a backend the active one. */
  ready?(): Promise<void>
  /** The whole work once; resolves when it is done, results left where they are. */
  run(): Promise<void>
  /** The compared outputs of one run, on the processor. Called first, once. */
  results(): Promise<Values>
  readonly note?: string
  /** The times of one run's programs, where the device can time them. */
  profile?(): Promise<readonly ProfileRow[]>
  release(): Promise<void> | void
}

export interface Entrant {
  readonly name: string
  readonly runsOn: 'gpu' | 'processor'
  /** False: the case is none of its business and is not listed. Default: every case. */
  takes?(benchCase: BenchCase): boolean
  prepare(prepared: PreparedCase): Promise<Runner>
}

export function prepareCase(benchCase: BenchCase, alive: () => void): PreparedCase {
  const graph = traceGraph(benchCase.compute, benchCase.inputs)
  return {
    benchCase,
    values: caseValues(benchCase),
    compared: benchCase.compared ?? Object.keys(graph.outputs),
    graph,
    wholeGraph: () => traceGraph(benchCase.compute, benchCase.inputs, { keepKernels: true }),
    alive,
  }
}
