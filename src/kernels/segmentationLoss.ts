// The two segmentation losses as functions: the fused kernel where the backend knows it, else a plain composition of
// tfjs ops, which is also the tests' oracle, the ONNX path and by autodiff the gradient's check.
import * as tf from '@tensorflow/tfjs-core'
import { diceCrossEntropyKernel, type DiceAttributes, type DiceOptions } from './diceCrossEntropy.ts'
import { isKernelKnown, runGpuKernel } from './gpuKernel.ts'

export interface LossTerms {
  readonly dice: tf.Scalar
  readonly crossEntropy: tf.Scalar
}

function runFused(logits: tf.Tensor, labels: tf.Tensor, attributes: DiceAttributes): LossTerms {
  const [dice, crossEntropy] = runGpuKernel(diceCrossEntropyKernel, [logits, labels], { ...attributes })
  return { dice: dice as tf.Scalar, crossEntropy: crossEntropy as tf.Scalar }
}

export function diceTermsReference(logits: tf.Tensor, labels: tf.Tensor, options: DiceOptions): LossTerms {
  const { squared, nr, dr, includeBackground } = options
  const classes = logits.shape[logits.rank - 1]
  const target = tf.oneHot(tf.cast(labels, 'int32'), classes, 1, 0, 'float32') // [B, D, H, W, K]
  const logProbability = tf.logSoftmax(logits)
  const crossEntropy = tf.neg(tf.mean(tf.sum(tf.mul(logProbability, target), -1)))
  const probability = tf.exp(logProbability)
  const space = [1, 2, 3]
  const overlap = tf.sum(tf.mul(probability, target), space) // [B, K]
  const size = (x: tf.Tensor) => tf.sum(squared ? tf.square(x) : x, space)
  const numerator = tf.add(tf.mul(overlap, 2), nr)
  const perClass = tf.sub(1, tf.div(numerator, tf.add(tf.add(size(target), size(probability)), dr)))
  const counted = includeBackground ? perClass : tf.slice(perClass, [0, 1], [-1, classes - 1])
  return { dice: tf.mean(counted) as tf.Scalar, crossEntropy: crossEntropy as tf.Scalar }
}

/** Dice and cross entropy (SPEC 8) of logits [B,D,H,W,K] against class indices [B,D,H,W]. */
export function diceTerms(logits: tf.Tensor, labels: tf.Tensor, options: DiceOptions): LossTerms {
  if (!isKernelKnown(diceCrossEntropyKernel)) return diceTermsReference(logits, labels, options)
  return runFused(logits, labels, { ...options, overBatch: false, foregroundWeight: 1 })
}

export function rareForegroundTermsReference(
  logits: tf.Tensor,
  labels: tf.Tensor,
  foregroundWeight: number,
): LossTerms {
  const target = tf.cast(tf.oneHot(tf.cast(labels, 'int32'), 2), 'float32') // [B, D, H, W, 2]
  const nodule = tf.cast(labels, 'float32') // [B, D, H, W]
  const logProbability = tf.logSoftmax(logits)
  const voxelLoss = tf.neg(tf.sum(tf.mul(logProbability, target), -1)) // [B, D, H, W]
  const weight = tf.add(tf.mul(nodule, foregroundWeight - 1), 1)
  const crossEntropy = tf.div(tf.sum(tf.mul(weight, voxelLoss)), tf.sum(weight))
  const chosen = tf.slice(tf.exp(logProbability), [0, 0, 0, 0, 1], [-1, -1, -1, -1, 1])
  const probability = tf.reshape(chosen, nodule.shape)
  const overlap = tf.add(tf.mul(tf.sum(tf.mul(probability, nodule)), 2), 1)
  const size = tf.add(tf.add(tf.sum(tf.square(probability)), tf.sum(nodule)), 1)
  const dice = tf.sub(1, tf.div(overlap, size))
  return { dice: dice as tf.Scalar, crossEntropy: crossEntropy as tf.Scalar }
}

/**
 * Soft Dice of class 1 over the whole batch (smoothing 1) and cross entropy in which a foreground voxel counts
 * `foregroundWeight` times, normalised by the weights. Logits [B,D,H,W,2], class indices [B,D,H,W].
 */
export function rareForegroundTerms(
  logits: tf.Tensor,
  labels: tf.Tensor,
  foregroundWeight: number,
): LossTerms {
  if (!isKernelKnown(diceCrossEntropyKernel))
    return rareForegroundTermsReference(logits, labels, foregroundWeight)
  return runFused(logits, labels, {
    ...{ squared: true, nr: 1, dr: 1, includeBackground: false },
    ...{ overBatch: true, foregroundWeight },
  })
}
