// A training step as one static graph: state in named groups (parameters, moments, averages) that the step replaces, a
// batch, numbers that change from step to step, and numbers that it reports. Nothing in it depends on the step by
// itself, so that one graph serves a run and a run can be repeated bit by bit.
import type * as tf from '@tensorflow/tfjs-core'
// tfjs-core alone knows no gradients; the whole package registers them.
import '@tensorflow/tfjs'
import { InputError } from '../base/errors.ts'
import type { Graph } from '../graph/graph.ts'
import { simplify } from '../graph/simplify.ts'
import { traceGraph, type InputSpec, type TraceOptions } from '../graph/trace.ts'
import type { ParameterShapes, ParameterTensors, ParameterValues } from '../network/parameters.ts'

/** State as tensors: by group, then by name. */
export type StateTensors = Readonly<Record<string, ParameterTensors>>

/** State as numbers: by group, then by name. */
export type StateValues = Readonly<Record<string, ParameterValues>>

/** Everything that a run needs to go on. */
export interface TrainState {
  readonly groups: StateValues
  /** Updates made. */
  readonly step: number
}

export interface StepInputs {
  readonly state: StateTensors
  readonly batch: Readonly<Record<string, tf.Tensor>>
  readonly numbers: Readonly<Record<string, tf.Scalar>>
}

export interface StepOutputs {
  /** New values, in the groups and under the names of the state; what is left out stays as it is. */
  readonly state: StateTensors
  /** Scalars for the caller; `loss` is the one that is minimised. */
  readonly reports: Readonly<Record<string, tf.Scalar>>
}

/** What a step is, for whatever device. */
export interface StepDefinition {
  /** Shapes of the state by group. */
  readonly state: Readonly<Record<string, ParameterShapes>>
  readonly batch: Readonly<Record<string, InputSpec>>
  /** Names of the numbers that come with every step, such as `learningRate`. */
  readonly numbers: readonly string[]
  /** One update, traced once: no control flow that depends on data. */
  update(inputs: StepInputs): StepOutputs
}

export interface TracedStep {
  readonly graph: Graph
  /** GROUP.NAME of the state that is replaced: input and output of the graph under that name. */
  readonly updated: readonly string[]
  /** GROUP.NAME of the state that is only read. What is in neither list never reaches the device. */
  readonly fixed: readonly string[]
  readonly reports: readonly string[]
}

/** State by GROUP.NAME. */
export function flattenState<T>(groups: Readonly<Record<string, Readonly<Record<string, T>>>>) {
  const entries = Object.entries(groups).flatMap(([group, values]) =>
    Object.entries(values).map(([name, value]) => [`${group}.${name}`, value] as const),
  )
  return Object.fromEntries(entries) as Record<string, T>
}

/** A saved state, flat by GROUP.NAME, as the groups of a step. */
export function groupState(tensors: ParameterValues, step: number): TrainState {
  const groups: Record<string, ParameterValues> = {}
  for (const [name, values] of Object.entries(tensors)) {
    const dot = name.indexOf('.')
    const group = name.slice(0, dot)
    groups[group] ??= {}
    groups[group][name.slice(dot + 1)] = values
  }
  return { groups, step }
}

/** The groups with those values replaced that `current` has under GROUP.NAME. */
export function replaceState(
  groups: StateValues,
  current: Readonly<Record<string, Float32Array>>,
): StateValues {
  return Object.fromEntries(
    Object.entries(groups).map(([group, values]) => [
      group,
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, current[`${group}.${name}`] ?? value]),
      ),
    ]),
  )
}

function requireDistinct({ state, batch, numbers }: StepDefinition): void {
  const names = [...Object.keys(flattenState(state)), ...Object.keys(batch), ...numbers]
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new Error(`traceStep: '${twice}' is the name of two inputs; give each a name of its own.`)
}

/** Traces the step; for a WebGPU plan our kernels are kept whole. @throws Error when an update has no place in the state. */
export function traceStep(definition: StepDefinition, trace: TraceOptions = {}): TracedStep {
  requireDistinct(definition)
  const shapes = flattenState(definition.state)
  let reports: readonly string[] = []
  const floats = (shape: readonly number[]): InputSpec => ({ shape: [...shape], dtype: 'float32' })
  const graph = traceGraph(
    inputs => {
      const pick = (names: readonly string[]) => Object.fromEntries(names.map(name => [name, inputs[name]]))
      const group = (name: string) =>
        Object.fromEntries(Object.keys(definition.state[name]).map(each => [each, inputs[`${name}.${each}`]]))
      const result = definition.update({
        state: Object.fromEntries(Object.keys(definition.state).map(name => [name, group(name)])),
        batch: pick(Object.keys(definition.batch)),
        numbers: pick(definition.numbers) as Record<string, tf.Scalar>,
      })
      reports = Object.keys(result.reports)
      return { ...flattenState(result.state), ...result.reports }
    },
    {
      ...Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, floats(shape)])),
      ...definition.batch,
      ...Object.fromEntries(definition.numbers.map(name => [name, floats([])])),
    },
    trace,
  )
  const updated = Object.keys(graph.outputs).filter(name => !reports.includes(name))
  const homeless = updated.find(name => shapes[name] === undefined)
  if (homeless !== undefined)
    throw new Error(`traceStep: the update gives '${homeless}', which is no part of the step's state.`)
  return { ...withoutUnread(simplify(graph), shapes, updated), updated, reports }
}

/** Drops the inputs of state that the step neither reads nor replaces: a moment of what has no gradient. */
function withoutUnread(
  graph: Graph,
  shapes: ParameterShapes,
  updated: readonly string[],
): { graph: Graph; fixed: string[] } {
  const read = new Set([...graph.nodes.flatMap(node => node.inputs), ...Object.values(graph.outputs)])
  const isPort = (name: string) =>
    shapes[name] === undefined || updated.includes(name) || read.has(graph.inputs[name])
  const inputs = Object.fromEntries(Object.entries(graph.inputs).filter(([name]) => isPort(name)))
  const fixed = Object.keys(inputs).filter(name => shapes[name] !== undefined && !updated.includes(name))
  return { graph: { ...graph, inputs }, fixed }
}

/** The computation went as it should, and training has diverged: the settings are what came wrong. */
export class DivergenceError extends InputError {}

/** @throws DivergenceError in a sentence when a report is no number. */
export function requireFinite(reports: Readonly<Record<string, number>>, step: number): void {
  for (const [name, value] of Object.entries(reports))
    if (!Number.isFinite(value))
      throw new DivergenceError(
        `The ${name} became ${value} at step ${step}; lower the learning rate and go on from the last checkpoint.`,
      )
}
