// The two distillation losses as functions: the fused kernel where the backend knows it, else a plain composition of
// tfjs ops, which is also the tests' oracle, the ONNX path and by autodiff the gradient's check. K prototypes.
import * as tf from '@tensorflow/tfjs-core'
import { isKernelKnown, runGpuKernel } from './gpuKernel.ts'
import { sharpenedCrossEntropyKernel } from './sharpenedCrossEntropy.ts'

export interface DistillationTemperatures {
  /** Student, 0.1. */
  readonly student: number
  /** Teacher, its schedule's value; a tensor when it changes inside one compiled graph. */
  readonly teacher: number | tf.Scalar
}

/** Logits of student and teacher, the teacher's centre [K]. */
type Logits = readonly [student: tf.Tensor, teacher: tf.Tensor, centre: tf.Tensor]

/** −Σ_k softmax((t − c)/tt)_k log softmax(s/ts)_k: teacher sharpened and centred. [..., K] → [...] */
export function sharpenedCrossEntropyReference(
  student: tf.Tensor,
  teacher: tf.Tensor,
  centre: tf.Tensor,
  temperatures: DistillationTemperatures,
): tf.Tensor {
  const target = tf.softmax(tf.div(tf.sub(teacher, centre), temperatures.teacher))
  const predicted = tf.logSoftmax(tf.div(student, temperatures.student))
  return tf.neg(tf.sum(tf.mul(target, predicted), -1))
}

function runFused(
  [student, teacher, centre]: Logits,
  mask: tf.Tensor,
  temperatures: DistillationTemperatures,
  swapViews: boolean,
): tf.Scalar {
  const K = student.shape[student.rank - 1]
  const shape: [number, number, number] = [mask.shape[0], mask.shape[1]!, K]
  const { teacher: temperature } = temperatures
  const inputs = [
    ...[tf.reshape(student, shape), tf.reshape(teacher, shape), tf.reshape(centre, [K])],
    ...[typeof temperature === 'number' ? tf.scalar(temperature) : tf.reshape(temperature, []), mask],
  ]
  const attributes = { studentTemperature: temperatures.student, swapViews }
  return runGpuKernel(sharpenedCrossEntropyKernel, inputs, attributes)[0] as tf.Scalar
}

/** AITD, GITD: each view's student against the other view's teacher, averaged. Logits [2B, K]. */
export function crossViewLoss(
  student: tf.Tensor,
  teacher: tf.Tensor,
  centre: tf.Tensor,
  temperatures: DistillationTemperatures,
): tf.Scalar {
  if (isKernelKnown(sharpenedCrossEntropyKernel)) {
    const everyRow = tf.ones([student.shape[0], 1])
    return runFused([student, teacher, centre], everyRow, temperatures, true)
  }
  const [teacherU, teacherV] = tf.split(teacher, 2)
  const swapped = tf.concat([teacherV, teacherU], 0)
  return tf.mean(sharpenedCrossEntropyReference(student, swapped, centre, temperatures))
}

/** AMPD: masked tokens against the same view's teacher; mean over masked tokens, then samples. [2B,N,K], mask [2B,N]. */
export function maskedTokenLoss(
  student: tf.Tensor,
  teacher: tf.Tensor,
  centre: tf.Tensor,
  mask: tf.Tensor,
  temperatures: DistillationTemperatures,
): tf.Scalar {
  if (isKernelKnown(sharpenedCrossEntropyKernel))
    return runFused([student, teacher, centre], mask, temperatures, false)
  const perToken = sharpenedCrossEntropyReference(student, teacher, centre, temperatures) // [2B, N]
  const count = tf.maximum(tf.sum(mask, -1), 1)
  return tf.mean(tf.div(tf.sum(tf.mul(perToken, mask), -1), count))
}
