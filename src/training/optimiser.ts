// AdamW (SPEC 7, PyTorch's form) as tfjs ops, so that the update is part of the compiled step. What changes from step
// to step (learning rate, bias corrections) enters as numbers or scalar tensors.
import * as tf from '@tensorflow/tfjs-core'

export interface AdamWOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
}

export const defaultAdamW: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }

type Amount = number | tf.Scalar

export interface AdamWState {
  readonly parameter: tf.Tensor
  readonly m: tf.Tensor
  readonly v: tf.Tensor
}

/** 1 − βᵗ for both betas at step t (1-based), in float64. */
export function biasCorrections(step: number, options: AdamWOptions = defaultAdamW): [number, number] {
  return [1 - options.beta1 ** step, 1 - options.beta2 ** step]
}

/**
 * One update of one parameter. Parameters without a gradient must not be passed: they are skipped entirely
 * (no decay, no moments, own step count); a zero gradient is not the same as none.
 */
export function adamWUpdate(
  { parameter, m, v }: AdamWState,
  gradient: tf.Tensor,
  learningRate: Amount,
  [correction1, correction2]: readonly [Amount, Amount],
  options: AdamWOptions = defaultAdamW,
): AdamWState {
  const { beta1, beta2, epsilon, weightDecay } = options
  const decayed = tf.mul(parameter, tf.sub(1, tf.mul(learningRate, weightDecay)))
  const nextM = tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1))
  const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2))
  const denominator = tf.add(tf.div(tf.sqrt(nextV), tf.sqrt(correction2)), epsilon)
  const stepSize = tf.div(learningRate, correction1)
  return {
    parameter: tf.sub(decayed, tf.mul(stepSize, tf.div(nextM, denominator))),
    m: nextM,
    v: nextV,
  }
}

/** Momentum update of a teacher or of averaged weights: m·teacher + (1 − m)·student. */
export function emaUpdate(teacher: tf.Tensor, student: tf.Tensor, momentum: Amount): tf.Tensor {
  return tf.add(tf.mul(teacher, momentum), tf.mul(student, tf.sub(1, momentum)))
}
