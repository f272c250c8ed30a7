// Attention mask (SPEC 4): 1 for the tokens whose rank in descending attention (ties: lower index first) lies in
// [⌊hint·N⌋, ⌊ratio·N⌋), 0 elsewhere. B samples, N tokens. Ranks are counted, N² comparisons: no sorting, no control
// flow that depends on data. A choice has no gradient.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/topKMask.wgsl?raw'
import { maskedRanks } from '../tokens/tokenDraw.ts'
import { isKernelKnown, runGpuKernel, type GpuKernel } from './gpuKernel.ts'
import { bindTensor, flatStep, packUniforms } from './stepParts.ts'

/** Attributes `ratio` and `hint`. A single comparison decides each place: results are exact, tolerance 0. */
export const topKMaskKernel: GpuKernel = {
  name: 'TopKMask',
  inputs: ['attention'],
  shapes([attention]) {
    if (attention?.length !== 2)
      throw new Error(`attentionMask: expected attention of shape [B, N], got [${attention?.join(', ')}].`)
    return [[...attention]]
  },
  steps({ inputs: [attention], outputs: [mask] }, { ratio, hint }, device) {
    const [B, N] = attention!.shape
    return [
      flatStep({
        key: 'topKMask',
        code: text,
        threads: B * N,
        uniforms: packUniforms([B * N, N, ...maskedRanks(N, Number(ratio), Number(hint))]),
        buffers: { 1: bindTensor(attention!, device), 2: bindTensor(mask, device) },
      }),
    ]
  },
}

/** The plain composition of tfjs ops. satt [B, N] → [B, N]; 3 million comparisons for a 96³ crop. */
export function attentionMaskReference(satt: tf.Tensor, ratio: number, hint: number): tf.Tensor {
  const [B, N] = satt.shape
  const [first, end] = maskedRanks(N, ratio, hint)
  const own = tf.reshape(satt, [B, N, 1])
  const other = tf.reshape(satt, [B, 1, N])
  const isEarlier = tf.tensor(
    Float32Array.from({ length: N * N }, (_, at) => (at % N < Math.floor(at / N) ? 1 : 0)),
    [1, N, N],
  )
  const isAbove = tf.cast(tf.greater(other, own), 'float32') // [B, N, N]
  const isTiedBefore = tf.mul(tf.cast(tf.equal(other, own), 'float32'), isEarlier)
  const rank = tf.sum(tf.add(isAbove, isTiedBefore), 2) // [B, N]
  // Ranks are whole numbers in float32, so the half keeps the comparison exact.
  const isIn = tf.cast(tf.greater(rank, first - 0.5), 'float32')
  return tf.mul(isIn, tf.cast(tf.less(rank, end - 0.5), 'float32'))
}

/** satt [B, N] → mask [B, N]; SPEC's ratios unless told otherwise. */
export function attentionMask(satt: tf.Tensor, ratio = 0.7, hint = 0.1): tf.Tensor {
  topKMaskKernel.shapes([satt.shape], {})
  if (!isKernelKnown(topKMaskKernel)) return attentionMaskReference(satt, ratio, hint)
  return runGpuKernel(topKMaskKernel, [satt], { ratio, hint })[0]
}
