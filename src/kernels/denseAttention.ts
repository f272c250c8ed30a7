// Self-attention over all tokens (SPEC 3):  y = softmax(q kᵀ / √e) v, heads side by side; token 0 is [CLS].
// B batch, T = N + 1 tokens, C = heads · e. Fused: scores, softmax and mixing; the attention is never stored but for its first
// row. Backward: probabilities recomputed from one number a query. Source: Dosovitskiy et al. 2021; online softmax: Milakov
// & Gimelshein 2018.
import * as tf from '@tensorflow/tfjs-core'
import { denseAttentionGradientKernel, denseAttentionKernel } from './denseAttentionProgram.ts'
import { isKernelKnown, runGpuKernel } from './gpuKernel.ts'

export interface DenseAttention {
  /** Before the output projection. [B, T, C] */
  readonly mixed: tf.Tensor
  /** How token 0 attends to all, after softmax. [B, heads, T] */
  readonly fromCls?: tf.Tensor
  /** SATT: the same without token 0 itself, mean over heads; sums to less than 1. [B, N] */
  readonly satt?: tf.Tensor
}

export interface DenseAttentionOptions {
  readonly heads: number
  /** Whether `fromCls` and `satt` are wanted. They have gradients like any output. */
  readonly cls?: boolean
}

export const denseAttentionGradient: tf.GradConfig = {
  kernelName: denseAttentionKernel.name,
  inputsToSave: ['qkv'],
  outputsToSave: [false, true],
  gradFunc: (dy, [qkv, logSums], attributes) => {
    const { heads, cls } = attributes as unknown as { heads: number; cls: boolean }
    const [dOutput, , ...dCls] = dy as tf.Tensor[]
    const [dQkv] = runGpuKernel(denseAttentionGradientKernel, [qkv, logSums, dOutput, ...dCls], {
      heads,
      cls,
    })
    return { qkv: () => dQkv }
  },
}

/** The plain composition of tfjs ops. qkv [B, T, 3C], features ordered q, k, v, each head-major. */
export function denseAttentionReference(
  qkv: tf.Tensor,
  { heads, cls = false }: DenseAttentionOptions,
): DenseAttention {
  const [B, T, features] = qkv.shape
  const C = features! / 3
  const perHead = (part: tf.Tensor) => tf.transpose(tf.reshape(part, [B, T, heads, C / heads]), [0, 2, 1, 3])
  const [query, key, value] = tf.split(qkv, 3, 2).map(perHead) // [B, heads, T, e]
  const scores = tf.matMul(tf.mul(query, (C / heads) ** -0.5), key, false, true)
  const attention = tf.softmax(scores)
  const mixed = tf.reshape(tf.transpose(tf.matMul(attention, value), [0, 2, 1, 3]), [B, T, C])
  if (!cls) return { mixed }
  const fromCls = tf.slice(attention, [0, 0, 0, 1], [B, heads, 1, T - 1]) // [B, heads, 1, N]
  return {
    mixed,
    fromCls: tf.reshape(tf.slice(attention, [0, 0, 0, 0], [B, heads, 1, T]), [B, heads, T]),
    satt: tf.mean(tf.reshape(fromCls, [B, heads, T - 1]), 1),
  }
}

/** Self-attention before its output projection. qkv [B, T, 3C], features ordered q, k, v, each head-major. */
export function denseAttention(qkv: tf.Tensor, options: DenseAttentionOptions): DenseAttention {
  if (!isKernelKnown(denseAttentionKernel)) return denseAttentionReference(qkv, options)
  const { heads, cls = false } = options
  const [mixed, , fromCls, satt] = runGpuKernel(denseAttentionKernel, [qkv], { heads, cls })
  return { mixed, fromCls, satt }
}
