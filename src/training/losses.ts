// Supervised losses (SPEC 8), composed of tfjs ops so that they run eagerly, traced and compiled alike.
// B batch, D H W voxels, K classes (channels last), N rows.
import * as tf from '@tensorflow/tfjs-core'

export interface DiceOptions {
  /** den = Σt² + Σp² (our default), else Σt + Σp (MONAI's library default). */
  readonly squared: boolean
  /** Smoothing of numerator and denominator. */
  readonly nr: number
  readonly dr: number
  /** Whether class 0 takes part in the mean over classes. */
  readonly includeBackground: boolean
}

/** SPEC 8's default. */
export const defaultDice: DiceOptions = { squared: true, nr: 0, dr: 1e-6, includeBackground: true }
/** MONAI's library default. */
export const monaiDice: DiceOptions = { squared: false, nr: 1e-5, dr: 1e-5, includeBackground: true }

export interface SegmentationLoss {
  readonly dice: tf.Scalar
  readonly crossEntropy: tf.Scalar
  /** dice + cross entropy, both with weight 1. */
  readonly total: tf.Scalar
}

/** Dice + cross entropy of logits [B,D,H,W,K] against class indices [B,D,H,W] (int32). Source: MONAI DiceCELoss. */
export function diceCrossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  options: Partial<DiceOptions> = {},
): SegmentationLoss {
  const { squared, nr, dr, includeBackground } = { ...defaultDice, ...options }
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
  const dice = tf.mean(counted)
  return {
    dice: dice as tf.Scalar,
    crossEntropy: crossEntropy as tf.Scalar,
    total: tf.add(dice, crossEntropy) as tf.Scalar,
  }
}

/**
 * For a rare foreground (a nodule fills a thousandth of a crop): soft Dice of class 1 over the whole batch, plus cross
 * entropy in which a foreground voxel counts `foregroundWeight` times, normalised by the weights. Logits [B,D,H,W,2],
 * class indices [B,D,H,W]. With Dice by crop and plain cross entropy the probabilities fall to 0 before the first
 * nodule is learnt, and with them Dice's gradient.
 */
export function rareForegroundLoss(
  logits: tf.Tensor,
  labels: tf.Tensor,
  foregroundWeight: number,
): tf.Scalar {
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
  return tf.add(crossEntropy, tf.sub(1, tf.div(overlap, size))) as tf.Scalar
}

/** Softmax cross entropy of logits [N,K] against class indices [N]; with class weights [K]: Σ w_y l / Σ w_y. */
export function softmaxCrossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  classWeights?: tf.Tensor,
): tf.Scalar {
  const classes = logits.shape[logits.rank - 1]
  const target = tf.oneHot(tf.cast(labels, 'int32'), classes, 1, 0, 'float32') // [N, K]
  const rowLoss = tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), target), -1)) // [N]
  if (!classWeights) return tf.mean(rowLoss)
  const weight = tf.sum(tf.mul(target, classWeights), -1)
  return tf.div(tf.sum(tf.mul(weight, rowLoss)), tf.sum(weight))
}
