// Softmax cross entropy (SPEC 8):  loss = Σ w_y l / Σ w_y,  l = −log softmax(x)_y; without class weights the mean.
// N rows, K classes. Backward: dx = dLoss · w_y / Σ w_y · (softmax(x) − one-hot(y)), probabilities computed again.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/softmaxCrossEntropy.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel, type TensorBinding } from './gpuKernel.ts'
import { bindTensor, flatStep, packUniforms, requireShape } from './stepParts.ts'
import { sumRows, sumRowsScratch } from './sumRows.ts'

function program(labels: TensorBinding) {
  const labelNumber = labels.dtype === 'int32' ? 'i32' : 'f32'
  return {
    key: `softmaxCrossEntropy ${labelNumber}`,
    code: `alias LabelNumber = ${labelNumber};\n${text}`,
  }
}

/** Outputs loss [] and 1 / Σ w []. Tolerance 1e-5: the driver's exp and log. */
export const softmaxCrossEntropyKernel: GpuKernel = {
  name: 'SoftmaxCrossEntropy',
  inputs: ['logits', 'labels', 'classWeights'],
  shapes([logits, labels, classWeights]) {
    if (logits?.length !== 2)
      throw new Error(`softmaxCrossEntropy: expected logits of shape [N, K], got [${logits?.join(', ')}].`)
    requireShape('softmaxCrossEntropy', 'labels', labels, [logits[0]])
    requireShape('softmaxCrossEntropy', 'class weights', classWeights, [logits[1]])
    return [[], []]
  },
  scratch: ([logits]) => [2 * logits![0], ...sumRowsScratch(1, logits![0], 2)],
  steps({ inputs, outputs: [loss, inverse], scratch }, _, device) {
    const [logits, labels, classWeights] = inputs as readonly TensorBinding[]
    const [rowSums, ...levels] = scratch
    const [N] = logits.shape
    const uniforms = packUniforms(logits.shape)
    const gather = flatStep({
      ...program(labels),
      entryPoint: 'gather',
      threads: N,
      uniforms,
      buffers: {
        1: bindTensor(logits, device),
        2: bindTensor(labels, device),
        3: bindTensor(classWeights, device),
        4: bindTensor(rowSums, device),
      },
    })
    const { steps, sums } = sumRows(rowSums, levels, 1, N, 2, device)
    const finish = flatStep({
      ...program(labels),
      entryPoint: 'finish',
      threads: 1,
      uniforms: packUniforms([1, logits.shape[1]]),
      buffers: { 5: bindTensor(sums, device), 6: bindTensor(loss, device), 7: bindTensor(inverse, device) },
    })
    return [gather, ...steps, finish]
  },
}

/** dLogits. Tolerance 2e-5 of the largest gradient, for the same reasons. */
export const softmaxCrossEntropyGradientKernel: GpuKernel = {
  name: 'SoftmaxCrossEntropyGradient',
  inputs: ['logits', 'labels', 'classWeights', 'inverse', 'dLoss'],
  shapes: ([logits]) => [[...logits!]],
  steps({ inputs, outputs: [dLogits] }, _, device) {
    const [logits, labels, classWeights, inverse, dLoss] = inputs as readonly TensorBinding[]
    return [
      flatStep({
        ...program(labels),
        entryPoint: 'grad',
        threads: logits.shape[0],
        uniforms: packUniforms(logits.shape),
        buffers: {
          1: bindTensor(logits, device),
          2: bindTensor(labels, device),
          3: bindTensor(classWeights, device),
          8: bindTensor(inverse, device),
          9: bindTensor(dLoss, device),
          10: bindTensor(dLogits, device),
        },
      }),
    ]
  },
}

export function registerSoftmaxCrossEntropyGradient(): void {
  tf.registerGradient({
    kernelName: softmaxCrossEntropyKernel.name,
    inputsToSave: ['logits', 'labels', 'classWeights'],
    outputsToSave: [false, true],
    gradFunc: (dy, saved) => {
      const [dLoss] = dy as tf.Tensor[]
      const [dLogits] = runGpuKernel(softmaxCrossEntropyGradientKernel, [...saved, dLoss])
      return { logits: () => dLogits }
    },
  })
}

/** The plain composition of tfjs ops. */
export function softmaxCrossEntropyReference(
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

/** Softmax cross entropy of logits [N,K] against class indices [N]; with class weights [K]: Σ w_y l / Σ w_y. */
export function softmaxCrossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  classWeights?: tf.Tensor,
): tf.Scalar {
  if (!isKernelKnown(softmaxCrossEntropyKernel))
    return softmaxCrossEntropyReference(logits, labels, classWeights)
  const weights = classWeights ?? tf.ones([logits.shape[logits.rank - 1]])
  return runGpuKernel(softmaxCrossEntropyKernel, [logits, labels, weights])[0] as tf.Scalar
}
