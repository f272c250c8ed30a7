// Supervised training as a step: a loss of parameters and batch, AdamW, and averaged weights for evaluation. Parameters
// may be frozen, learn at rates of their own, and take their gradients from several passes.
import type * as tf from '@tensorflow/tfjs-core'
import type { InputSpec } from '../graph/trace.ts'
import type { ParameterShapes, ParameterTensors, ParameterValues } from '../network/parameters.ts'
import { accumulateNumbers, addShare, choose } from './accumulate.ts'
import {
  adamWNumbers,
  adamWNumbersAt,
  adamWUpdates,
  emaUpdate,
  lossAndGradients,
  type AdamWOptions,
} from './optimiser.ts'
import type { StateTensors, StepDefinition, TrainState } from './stepGraph.ts'

export type LossFunction = (p: ParameterTensors, batch: Readonly<Record<string, tf.Tensor>>) => tf.Scalar

export interface SupervisedOptions {
  readonly loss: LossFunction
  /** Of the parameters that are trained. */
  readonly shapes: ParameterShapes
  /** What a batch consists of. */
  readonly batch: Readonly<Record<string, InputSpec>>
  readonly adamW?: AdamWOptions
  /** Parameters that the loss reads beside the trained ones, and that stay as they are: the group `frozen`. */
  readonly frozen?: ParameterShapes
  /** Factor of the learning rate by parameter; 1 where it is not given. */
  readonly rateOf?: (name: string) => number
  /** Passes whose mean gradient makes one update; the sums are the group `gradients`. 1 when absent. */
  readonly passes?: number
}

/** Sums of the gradients so far, this pass's share included. */
function sumGradients(
  found: ParameterTensors,
  sums: ParameterTensors | undefined,
  carry: tf.Tensor,
  passes: number,
): ParameterTensors {
  if (!sums) return found
  return Object.fromEntries(
    Object.entries(found).map(([name, gradient]) => [
      name,
      addShare(carry, sums[name], gradient, 1 / passes),
    ]),
  )
}

/** The values of `after`, chosen against those of `before` where a pass may not be the last of its update. */
function chooseEach(
  isLast: tf.Tensor | undefined,
  after: ParameterTensors,
  before: ParameterTensors,
): ParameterTensors {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, choose(isLast, value, before[name])]),
  )
}

/**
 * Groups `parameters`, `m`, `v`, `averaged`, where asked for `frozen` and `gradients`; numbers as `supervisedNumbers`
 * gives them, with those of `accumulateNumbers` where an update has several passes; reports the `loss`.
 */
export function supervisedStep(options: SupervisedOptions): StepDefinition {
  const { loss, shapes, batch, adamW, frozen, rateOf, passes = 1 } = options
  const state = { parameters: shapes, m: shapes, v: shapes, averaged: shapes }
  return {
    state: { ...state, ...(frozen && { frozen }), ...(passes > 1 && { gradients: shapes }) },
    batch,
    numbers: [...adamWNumbers, 'averaging', ...(passes > 1 ? accumulateNumbers : [])],
    update({ state, batch, numbers }) {
      const { parameters, m, v, averaged, frozen, gradients } = state as Record<string, ParameterTensors>
      const found = lossAndGradients(() => loss({ ...frozen, ...parameters }, batch), parameters)
      const sums = sumGradients(found.gradients, gradients, numbers.carry, passes)
      const next = adamWUpdates({ parameters, m, v }, sums, numbers, adamW, rateOf)
      const means = Object.entries(next.parameters).map(([name, parameter]) => [
        name,
        emaUpdate(averaged[name], parameter, numbers.averaging),
      ])
      const updated: StateTensors = { ...next, averaged: Object.fromEntries(means) as ParameterTensors }
      const chosen = Object.entries(updated).map(([group, values]) => [
        group,
        chooseEach(numbers.isLast, values, state[group]),
      ])
      return {
        state: { ...(Object.fromEntries(chosen) as StateTensors), ...(gradients && { gradients: sums }) },
        reports: { loss: found.loss },
      }
    },
  }
}

/** The numbers of the step after `step` updates; the average is shorter at the beginning, so that the start is forgotten. */
export function supervisedNumbers(
  step: number,
  learningRate: number,
  { adamW, averaging }: { readonly adamW?: AdamWOptions; readonly averaging: number },
): Record<string, number> {
  return {
    ...adamWNumbersAt(step, learningRate, adamW),
    averaging: Math.min(averaging, (1 + step) / (10 + step)),
  }
}

/** Zeros in the shape of each parameter. */
export function zerosLike(parameters: ParameterValues): ParameterValues {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, values]) => [name, new Float32Array(values.length)]),
  )
}

/** State before the first update. */
export function startSupervised(parameters: ParameterValues): TrainState {
  const averaged = Object.fromEntries(
    Object.entries(parameters).map(([name, values]) => [name, values.slice()]),
  )
  return { groups: { parameters, m: zerosLike(parameters), v: zerosLike(parameters), averaged }, step: 0 }
}
