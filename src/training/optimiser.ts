// Gradients and AdamW (SPEC 7, PyTorch's form) as tensor functions over named parameters, so that the update is part of
// the compiled step. What changes from step to step (learning rate, bias corrections) enters as scalar tensors.
import * as tf from '@tensorflow/tfjs-core'
import { adamW, type AdamWOptions, type AdamWState } from '../kernels/adamW.ts'
import { momentumUpdate } from '../kernels/momentumUpdate.ts'
import type { ParameterTensors } from '../network/parameters.ts'

export type { AdamWOptions }

export const defaultAdamW: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }

type Amount = number | tf.Scalar

/** 1 − βᵗ for both betas at step t (1-based), in float64. */
export function biasCorrections(step: number, options: AdamWOptions = defaultAdamW): [number, number] {
  return [1 - options.beta1 ** step, 1 - options.beta2 ** step]
}

/** Names of the numbers that `adamWUpdates` takes. */
export const adamWNumbers = ['learningRate', 'correction1', 'correction2'] as const

/** Their values in the step after `step` updates. */
export function adamWNumbersAt(step: number, learningRate: number, options?: AdamWOptions) {
  const [correction1, correction2] = biasCorrections(step + 1, options)
  return { learningRate, correction1, correction2 }
}

/**
 * The value of `loss` and its gradients by parameter; a parameter that the loss does not reach has none. What `loss`
 * computes on the way and its caller wants must be kept (`tf.keep`).
 */
export function lossAndGradients(
  loss: () => tf.Scalar,
  parameters: ParameterTensors,
): { loss: tf.Scalar; gradients: ParameterTensors } {
  const names = Object.keys(parameters)
  const { value, grads } = tf.engine().gradients(
    loss,
    names.map(name => parameters[name]),
    undefined as unknown as tf.Tensor,
    true,
  )
  const found = (grads as (tf.Tensor | undefined)[]).flatMap((gradient, at) =>
    gradient ? [[names[at], gradient] as const] : [],
  )
  return { loss: value as tf.Scalar, gradients: Object.fromEntries(found) }
}

/**
 * One update of one parameter. Parameters without a gradient must not be passed: they are skipped entirely
 * (no decay, no moments, own step count); a zero gradient is not the same as none.
 */
export function adamWUpdate(
  state: AdamWState,
  gradient: tf.Tensor,
  learningRate: Amount,
  corrections: readonly [Amount, Amount],
  options: AdamWOptions = defaultAdamW,
): AdamWState {
  return adamW(state, gradient, learningRate, corrections, options)
}

export interface AdamWGroups {
  readonly parameters: ParameterTensors
  readonly m: ParameterTensors
  readonly v: ParameterTensors
}

/**
 * Updates every parameter that has a gradient; only those are in the result. `numbers`: those of `adamWNumbers`; `rateOf`
 * gives the factor of the learning rate by a parameter's name.
 */
export function adamWUpdates(
  { parameters, m, v }: AdamWGroups,
  gradients: ParameterTensors,
  numbers: Readonly<Record<string, tf.Scalar>>,
  options?: AdamWOptions,
  rateOf: (name: string) => number = () => 1,
): AdamWGroups {
  const { learningRate, correction1, correction2 } = numbers
  const next = Object.entries(gradients).map(([name, gradient]) => {
    const state = { parameter: parameters[name], m: m[name], v: v[name] }
    const factor = rateOf(name)
    const rate = factor === 1 ? learningRate : (tf.mul(learningRate, factor) as tf.Scalar)
    return [name, adamWUpdate(state, gradient, rate, [correction1, correction2], options)] as const
  })
  const group = (part: keyof AdamWState) =>
    Object.fromEntries(next.map(([name, state]) => [name, state[part]]))
  return { parameters: group('parameter'), m: group('m'), v: group('v') }
}

/** Momentum update of a teacher or of averaged weights: m·teacher + (1 − m)·student. */
export function emaUpdate(teacher: tf.Tensor, student: tf.Tensor, momentum: Amount): tf.Tensor {
  return momentumUpdate(teacher, student, momentum)
}
