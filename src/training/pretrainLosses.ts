// The four losses of SMART pretraining (SPEC 6): AITD and GITD across views, AMPD on masked tokens, AMIP on voxels.
// Rows 0…B−1 are view u, rows B…2B−1 view v. N tokens, K prototypes.
import * as tf from '@tensorflow/tfjs-core'

export interface DistillationTemperatures {
  /** Student, 0.1. */
  readonly student: number
  /** Teacher, its schedule's value; a tensor when it changes inside one compiled graph. */
  readonly teacher: number | tf.Scalar
}

/** −Σ_k softmax((t − c)/tt)_k log softmax(s/ts)_k: teacher sharpened and centred. [..., K] → [...] */
export function sharpenedCrossEntropy(
  student: tf.Tensor,
  teacher: tf.Tensor,
  centre: tf.Tensor,
  temperatures: DistillationTemperatures,
): tf.Tensor {
  const target = tf.softmax(tf.div(tf.sub(teacher, centre), temperatures.teacher))
  const predicted = tf.logSoftmax(tf.div(student, temperatures.student))
  return tf.neg(tf.sum(tf.mul(target, predicted), -1))
}

/** Global tokens (AITD, GITD): each view's student against the other view's teacher, averaged. Inputs [2B, K]. */
export function crossViewLoss(
  student: tf.Tensor,
  teacher: tf.Tensor,
  centre: tf.Tensor,
  temperatures: DistillationTemperatures,
): tf.Scalar {
  const [teacherU, teacherV] = tf.split(teacher, 2)
  const swapped = tf.concat([teacherV, teacherU], 0)
  return tf.mean(sharpenedCrossEntropy(student, swapped, centre, temperatures))
}

/** AMPD: masked tokens against the same view's teacher tokens; mean over masked tokens, then rows. [2B,N,K], mask [2B,N]. */
export function maskedTokenLoss(
  student: tf.Tensor,
  teacher: tf.Tensor,
  centre: tf.Tensor,
  mask: tf.Tensor,
  temperatures: DistillationTemperatures,
): tf.Scalar {
  const perToken = sharpenedCrossEntropy(student, teacher, centre, temperatures) // [2B, N]
  const count = tf.maximum(tf.sum(mask, -1), 1)
  return tf.mean(tf.div(tf.sum(tf.mul(perToken, mask), -1), count))
}

/** AMIP: Σ |rec − image| M / (Σ M + 1e-5) over all rows and voxels. */
export function reconstructionLoss(
  reconstruction: tf.Tensor,
  image: tf.Tensor,
  voxelMask: tf.Tensor,
): tf.Scalar {
  const difference = tf.sub(reconstruction, image)
  // x·sign(x) instead of abs: tfjs gives abs a slope of −1 at 0, where SPEC 6 asks for 0.
  const error = tf.mul(tf.mul(difference, tf.sign(difference)), voxelMask)
  return tf.div(tf.sum(error), tf.add(tf.sum(voxelMask), 1e-5))
}

/** c ← momentum c + (1 − momentum) mean of the teacher's logits over rows (and tokens). [..., K] → [K] */
export function updateCentre(centre: tf.Tensor, teacher: tf.Tensor, momentum = 0.9): tf.Tensor {
  const mean = tf.mean(tf.reshape(teacher, [-1, teacher.shape[teacher.rank - 1]]), 0)
  return tf.add(tf.mul(tf.reshape(centre, [-1]), momentum), tf.mul(mean, 1 - momentum))
}
