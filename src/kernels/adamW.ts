// AdamW (SPEC 7, PyTorch's form):  p ← p (1 − lr·decay);  m ← b1 m + (1−b1) g;  v ← b2 v + (1−b2) g²;
//   p ← p − lr/c1 · m / (√v / √c2 + eps),   c1 = 1 − b1ᵗ, c2 = 1 − b2ᵗ.
// Element by element, so that one call over an arena of all parameters (`packTensors`) is the update of each, with the
// same decay for all. What changes from step to step enters as `scalars` [3]: learning rate, c1, c2.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/adamW.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel, type TensorBinding } from './gpuKernel.ts'
import { packUniforms, requireShape } from './stepParts.ts'
import { updateSteps } from './updateSteps.ts'

export interface AdamWOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
}

export interface AdamWState {
  readonly parameter: tf.Tensor
  readonly m: tf.Tensor
  readonly v: tf.Tensor
}

type Amount = number | tf.Scalar

/**
 * Outputs parameter, m, v; each may stand in its input's place. Attributes: `AdamWOptions`. Tolerance 2e-6: a dozen
 * roundings, which a driver may contract.
 */
export const adamWKernel: GpuKernel = {
  name: 'AdamW',
  inputs: ['parameter', 'm', 'v', 'gradient', 'scalars'],
  inPlace: [0, 1, 2],
  shapes([parameter, m, v, gradient, scalars]) {
    requireShape('adamW', 'a first moment', m, parameter!)
    requireShape('adamW', 'a second moment', v, parameter!)
    requireShape('adamW', 'a gradient', gradient, parameter!)
    requireShape('adamW', 'learning rate and corrections', scalars, [3])
    return [[...parameter!], [...parameter!], [...parameter!]]
  },
  steps({ inputs, outputs }, attributes, device) {
    const [parameter, m, v, gradient, scalars] = inputs as readonly TensorBinding[]
    const [beta1, beta2, epsilon, weightDecay] = [
      ...[attributes.beta1, attributes.beta2],
      ...[attributes.epsilon, attributes.weightDecay],
    ].map(Number)
    return updateSteps(
      {
        key: 'adamW',
        code: text,
        arrays: [
          { name: 'parameter', before: parameter, after: outputs[0] },
          { name: 'm', before: m, after: outputs[1] },
          { name: 'v', before: v, after: outputs[2] },
        ],
        source: gradient,
        scalars,
        uniforms: lanes => packUniforms([lanes], [beta1, 1 - beta1, beta2, 1 - beta2, epsilon, weightDecay]),
      },
      device,
    )
  },
}

/** The plain composition of tfjs ops. */
export function adamWReference(
  { parameter, m, v }: AdamWState,
  gradient: tf.Tensor,
  learningRate: Amount,
  [correction1, correction2]: readonly [Amount, Amount],
  { beta1, beta2, epsilon, weightDecay }: AdamWOptions,
): AdamWState {
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

/** One update of one parameter, or of an arena of them. */
export function adamW(
  state: AdamWState,
  gradient: tf.Tensor,
  learningRate: Amount,
  corrections: readonly [Amount, Amount],
  options: AdamWOptions,
): AdamWState {
  if (!isKernelKnown(adamWKernel)) return adamWReference(state, gradient, learningRate, corrections, options)
  const scalars = [learningRate, ...corrections].map(amount =>
    typeof amount === 'number' ? tf.scalar(amount) : amount,
  )
  const inputs = [state.parameter, state.m, state.v, gradient, tf.stack(scalars)]
  const [parameter, m, v] = runGpuKernel(adamWKernel, inputs, { ...options })
  return { parameter, m, v }
}
