// Supervised losses (SPEC 8): fused kernels where the backend knows them, tfjs ops elsewhere, so that they run eagerly,
// traced and compiled alike. B batch, D H W voxels, K classes (channels last).
import * as tf from '@tensorflow/tfjs-core'
import type { DiceOptions } from '../kernels/diceCrossEntropy.ts'
import { diceTerms, rareForegroundTerms, type LossTerms } from '../kernels/segmentationLoss.ts'

export { softmaxCrossEntropy } from '../kernels/softmaxCrossEntropy.ts'

/** SPEC 8's default. */
export const defaultDice: DiceOptions = { squared: true, nr: 0, dr: 1e-6, includeBackground: true }
/** MONAI's library default. */
export const monaiDice: DiceOptions = { squared: false, nr: 1e-5, dr: 1e-5, includeBackground: true }

export interface SegmentationLoss extends LossTerms {
  /** dice + cross entropy, both with weight 1. */
  readonly total: tf.Scalar
}

/** Dice + cross entropy of logits [B,D,H,W,K] against class indices [B,D,H,W]. Source: MONAI DiceCELoss. */
export function diceCrossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  options: Partial<DiceOptions> = {},
): SegmentationLoss {
  const terms = diceTerms(logits, labels, { ...defaultDice, ...options })
  return { ...terms, total: tf.add(terms.dice, terms.crossEntropy) as tf.Scalar }
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
  const { dice, crossEntropy } = rareForegroundTerms(logits, labels, foregroundWeight)
  return tf.add(crossEntropy, dice) as tf.Scalar
}
