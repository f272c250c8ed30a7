// AdamW (SPEC 7, PyTorch's form) as tensor functions, so that the update is part of the compiled step. What changes from
// step to step (learning rate, bias corrections) enters as numbers or scalar tensors.
import type * as tf from '@tensorflow/tfjs-core'
import { adamW, type AdamWOptions, type AdamWState } from '../kernels/adamW.ts'
import { momentumUpdate } from '../kernels/momentumUpdate.ts'

export type { AdamWOptions }

export const defaultAdamW: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }

type Amount = number | tf.Scalar

/** 1 − βᵗ for both betas at step t (1-based), in float64. */
export function biasCorrections(step: number, options: AdamWOptions = defaultAdamW): [number, number] {
  return [1 - options.beta1 ** step, 1 - options.beta2 ** step]
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

/** Momentum update of a teacher or of averaged weights: m·teacher + (1 − m)·student. */
export function emaUpdate(teacher: tf.Tensor, student: tf.Tensor, momentum: Amount): tf.Tensor {
  return momentumUpdate(teacher, student, momentum)
}
