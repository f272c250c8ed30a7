// Supervised training as a step: a loss of parameters and batch, AdamW, and averaged weights for evaluation.
import type * as tf from '@tensorflow/tfjs-core'
import type { InputSpec } from '../graph/trace.ts'
import type { ParameterShapes, ParameterTensors, ParameterValues } from '../network/parameters.ts'
import {
  adamWNumbers,
  adamWNumbersAt,
  adamWUpdates,
  emaUpdate,
  lossAndGradients,
  type AdamWOptions,
} from './optimiser.ts'
import type { StepDefinition, TrainState } from './stepGraph.ts'

export type LossFunction = (p: ParameterTensors, batch: Readonly<Record<string, tf.Tensor>>) => tf.Scalar

export interface SupervisedOptions {
  readonly loss: LossFunction
  readonly shapes: ParameterShapes
  /** What a batch consists of. */
  readonly batch: Readonly<Record<string, InputSpec>>
  readonly adamW?: AdamWOptions
}

/** Groups `parameters`, `m`, `v`, `averaged`; numbers as `supervisedNumbers` gives them; reports the `loss`. */
export function supervisedStep({ loss, shapes, batch, adamW }: SupervisedOptions): StepDefinition {
  return {
    state: { parameters: shapes, m: shapes, v: shapes, averaged: shapes },
    batch,
    numbers: [...adamWNumbers, 'averaging'],
    update({ state: { parameters, m, v, averaged }, batch, numbers }) {
      const found = lossAndGradients(() => loss(parameters, batch), parameters)
      const next = adamWUpdates({ parameters, m, v }, found.gradients, numbers, adamW)
      const means = Object.entries(next.parameters).map(([name, parameter]) => [
        name,
        emaUpdate(averaged[name], parameter, numbers.averaging),
      ])
      return { state: { ...next, averaged: Object.fromEntries(means) }, reports: { loss: found.loss } }
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

/** State before the first update. */
export function startSupervised(parameters: ParameterValues): TrainState {
  const each = (make: (values: Float32Array) => Float32Array): ParameterValues =>
    Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, make(values)]))
  const zeros = () => each(values => new Float32Array(values.length))
  return { groups: { parameters, m: zeros(), v: zeros(), averaged: each(values => values.slice()) }, step: 0 }
}
