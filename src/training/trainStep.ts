// A whole training step as one static graph: forward, backward and AdamW, traced once and compiled. What changes from
// step to step enters as inputs, so that one graph serves a run and a run can be repeated bit by bit.
import * as tf from '@tensorflow/tfjs-core'
// tfjs-core alone knows no gradients; the whole package registers them.
import '@tensorflow/tfjs'
import { createSession, type FeedData, type Runtime, type Session } from '../graph/session.ts'
import { simplify } from '../graph/simplify.ts'
import { traceGraph, type InputSpec, type TraceOptions } from '../graph/trace.ts'
import type { ParameterShapes, ParameterTensors, ParameterValues } from '../network/parameters.ts'
import { adamWUpdate, biasCorrections, defaultAdamW, type AdamWOptions } from './optimiser.ts'

export type LossFunction = (p: ParameterTensors, inputs: Readonly<Record<string, tf.Tensor>>) => tf.Scalar

export interface TrainStepOptions {
  readonly loss: LossFunction
  readonly shapes: ParameterShapes
  /** What a batch consists of. */
  readonly inputs: Readonly<Record<string, InputSpec>>
  readonly adamW?: AdamWOptions
}

/** Everything that a run needs to go on: parameters, moments and the number of updates made. */
export interface OptimiserState {
  parameters: ParameterValues
  m: ParameterValues
  v: ParameterValues
  step: number
}

export function startOptimiser(parameters: ParameterValues): OptimiserState {
  const zeros = () =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, values]) => [name, new Float32Array(values.length)]),
    )
  return { parameters: { ...parameters }, m: zeros(), v: zeros(), step: 0 }
}

const scalar: InputSpec = { shape: [], dtype: 'float32' }
const prefixes = ['p', 'm', 'v'] as const

/** Names of the parameters that the loss reaches; the others are not touched (SPEC 7). */
function reachedParameters(options: TrainStepOptions, trace: TraceOptions): string[] {
  const reached: string[] = []
  const specs = { ...specsOf('p', options.shapes), ...options.inputs }
  traceGraph(
    inputs => {
      const { gradients } = differentiate(options, Object.keys(options.shapes), inputs)
      gradients.forEach((gradient, i) => {
        if (gradient) reached.push(Object.keys(options.shapes)[i])
      })
      return { loss: tf.scalar(0) }
    },
    specs,
    trace,
  )
  return reached
}

function specsOf(prefix: string, shapes: ParameterShapes): Record<string, InputSpec> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      `${prefix}.${name}`,
      { shape: [...shape], dtype: 'float32' },
    ]),
  )
}

function differentiate(
  options: TrainStepOptions,
  names: string[],
  inputs: Readonly<Record<string, tf.Tensor>>,
) {
  const parameters = Object.fromEntries(Object.keys(options.shapes).map(name => [name, inputs[`p.${name}`]]))
  const { value, grads } = tf.engine().gradients(
    () => options.loss(parameters, inputs),
    names.map(name => parameters[name]),
    undefined as unknown as tf.Tensor,
    true,
  )
  return { loss: value, gradients: grads as (tf.Tensor | undefined)[] }
}

/**
 * Traces the step. Inputs and outputs are named p.NAME, m.NAME, v.NAME; the loss is `loss`. For a WebGPU plan our
 * kernels are kept whole.
 */
export function traceTrainStep(options: TrainStepOptions, trace: TraceOptions = {}) {
  const adamW = options.adamW ?? defaultAdamW
  const trained = reachedParameters(options, trace)
  const trainedShapes = Object.fromEntries(trained.map(name => [name, options.shapes[name]]))
  const specs = {
    ...specsOf('p', options.shapes),
    ...specsOf('m', trainedShapes),
    ...specsOf('v', trainedShapes),
    ...options.inputs,
    learningRate: scalar,
    correction1: scalar,
    correction2: scalar,
  }
  const graph = traceGraph(
    inputs => {
      const { loss, gradients } = differentiate(options, trained, inputs)
      const [learningRate, ...corrections] = [
        inputs.learningRate,
        inputs.correction1,
        inputs.correction2,
      ] as tf.Scalar[]
      const outputs: Record<string, tf.Tensor> = { loss }
      trained.forEach((name, i) => {
        const state = { parameter: inputs[`p.${name}`], m: inputs[`m.${name}`], v: inputs[`v.${name}`] }
        const next = adamWUpdate(state, gradients[i]!, learningRate, [corrections[0], corrections[1]], adamW)
        outputs[`p.${name}`] = next.parameter
        outputs[`m.${name}`] = next.m
        outputs[`v.${name}`] = next.v
      })
      return outputs
    },
    specs,
    trace,
  )
  return { graph: simplify(graph), trained }
}

/** @throws Error in a sentence when training has diverged. */
export function requireFiniteLoss(loss: number, step: number): void {
  if (!Number.isFinite(loss))
    throw new Error(
      `The loss became ${loss} at step ${step}; lower the learning rate and go on from the last checkpoint.`,
    )
}

export interface TrainStep {
  /** Names of the parameters that are updated. */
  readonly trained: readonly string[]
  /** One update of `state` in place. @returns the loss before the update. @throws Error when it is not finite. */
  run(state: OptimiserState, batch: Readonly<Record<string, FeedData>>, learningRate: number): Promise<number>
  release(): Promise<void>
}

/** Compiles the training step for a runtime. */
export async function createTrainStep(options: TrainStepOptions, runtime: Runtime): Promise<TrainStep> {
  const adamW = options.adamW ?? defaultAdamW
  const { graph, trained } = traceTrainStep(options)
  const session: Session = await createSession(graph, runtime)
  return {
    trained,
    async run(state, batch, learningRate) {
      const [correction1, correction2] = biasCorrections(state.step + 1, adamW)
      const groups = { p: state.parameters, m: state.m, v: state.v }
      const feeds: Record<string, FeedData> = {
        ...batch,
        learningRate: Float32Array.of(learningRate),
        correction1: Float32Array.of(correction1),
        correction2: Float32Array.of(correction2),
      }
      for (const name of Object.keys(session.inputs)) {
        const [prefix, ...rest] = name.split('.')
        const group = groups[prefix as (typeof prefixes)[number]]
        if (group && rest.length > 0) feeds[name] = group[rest.join('.')]
      }
      const results = await session.run(feeds)
      const loss = results.loss.data[0]
      requireFiniteLoss(loss, state.step + 1)
      for (const prefix of prefixes)
        for (const name of trained) groups[prefix][name] = results[`${prefix}.${name}`].data as Float32Array
      state.step++
      return loss
    },
    release: () => session.release(),
  }
}
