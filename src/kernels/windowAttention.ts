// Shifted-window 3-D attention (SPEC 2.1–2.2):  y = softmax(q e^-½ kᵀ + B + M) v  within windows of a padded, rolled grid.
// B batch, d h w token grid, N = d·h·w, C channels, e = C / heads, T tokens a window, nW windows.
// Fused: padding, cyclic shift, partition, relative position bias, shift mask, softmax and merge.
// Source: Liu et al. 2021 (Swin); layout and padding rules from the numerical specification.
import * as tf from '@tensorflow/tfjs-core'
import { isKernelKnown, runGpuKernel, type KernelAttributes } from './gpuKernel.ts'
import { windowAttentionGradientKernel } from './windowAttentionGradient.ts'
import { windowAttentionKernel } from './windowAttentionProgram.ts'
import {
  layoutWindows,
  relativePositionIndex,
  shiftMask,
  slotsOfTokens,
  windowAttentionShape,
  type WindowAttributes,
  type WindowLayout,
} from './windowLayout.ts'

/**
 * Rows of x [B, N, C] in a new order, [B, M, C]; `padRow` [C] where the order says N. Its gradient is a gather too:
 * the order is one-to-one, so no scattered sums are needed.
 */
function reorderRows(x: tf.Tensor, padRow: tf.Tensor, order: Int32Array, inverse: Int32Array): tf.Tensor {
  const [B, N, C] = x.shape
  const paddedSlots = Int32Array.from(order.keys()).filter(slot => order[slot] === N)
  const isPadded = paddedSlots.length > 0
  const gather = tf.customGrad((...inputs) => {
    const [rows, pad] = inputs as tf.Tensor[]
    const source = isPadded ? tf.concat([rows, tf.tile(tf.reshape(pad, [1, 1, C]), [B, 1, 1])], 1) : rows
    return {
      value: tf.gather(source, tf.tensor1d(order, 'int32'), 1),
      gradFunc: (dy: tf.Tensor) => [
        tf.gather(dy, tf.tensor1d(inverse, 'int32'), 1),
        isPadded ? tf.sum(tf.gather(dy, tf.tensor1d(paddedSlots, 'int32'), 1), [0, 1]) : tf.zeros([C]),
      ],
    }
  })
  return gather(x, padRow)
}

/** What a query of a window attends to, before values are mixed. */
export interface WindowProbabilities {
  /** Post-softmax attention [B·nW, heads, T, T]: query, then key, both window slots of `layout`. */
  readonly probabilities: tf.Tensor
  /** [B·nW, heads, T, e] */
  readonly values: tf.Tensor
  readonly layout: WindowLayout
}

/**
 * Attention of every window, padded and shift-masked keys included, as a composition of tfjs ops: for the reference below,
 * and for whoever looks at where a block looks. Inputs as `windowAttention` takes them.
 */
export function windowProbabilities(
  qkv: tf.Tensor5D,
  qkvBias: tf.Tensor1D,
  biasTable: tf.Tensor2D,
  attributes: WindowAttributes,
): WindowProbabilities {
  const { heads, window } = attributes
  const [B, d, h, w, C] = windowAttentionShape(qkv.shape, qkvBias.shape, biasTable.shape, attributes)
  const layout = layoutWindows([d, h, w], attributes)
  const { windows: nW, tokens: T } = layout
  const e = C / heads
  const rows = tf.reshape(qkv, [B, d * h * w, 3 * C])
  const slots = reorderRows(rows, qkvBias, layout.tokenOfSlot, slotsOfTokens(layout, d * h * w)) // [B, nW·T, 3C]
  const parts = tf.transpose(tf.reshape(slots, [B * nW, T, 3, heads, e]), [2, 0, 3, 1, 4]) // [3, B·nW, heads, T, e]
  const [q, k, v] = tf.split(parts, 3, 0).map(part => tf.reshape(part, [B * nW, heads, T, e]))
  let scores = tf.matMul(tf.mul(q, e ** -0.5), k, false, true) // [B·nW, heads, T, T]
  const index = tf.tensor1d(relativePositionIndex(window, T), 'int32')
  const bias = tf.reshape(tf.transpose(tf.gather(biasTable, index)), [1, heads, T, T])
  scores = tf.add(scores, bias)
  if (layout.shift.some(amount => amount > 0)) {
    const mask = tf.tensor(shiftMask(layout), [1, nW, 1, T, T])
    scores = tf.reshape(tf.add(tf.reshape(scores, [B, nW, heads, T, T]), mask), [B * nW, heads, T, T])
  }
  return { probabilities: tf.softmax(scores), values: v, layout }
}

/**
 * The plain composition of tfjs ops: the tests' oracle, what the tracer lowers to ONNX, and by autodiff the gradient.
 * Few, large operations; ranks ≤ 5.
 */
export function windowAttentionReference(
  qkv: tf.Tensor5D,
  qkvBias: tf.Tensor1D,
  biasTable: tf.Tensor2D,
  attributes: WindowAttributes,
): tf.Tensor5D {
  const { probabilities, values, layout } = windowProbabilities(qkv, qkvBias, biasTable, attributes)
  const [B, d, h, w, C3] = qkv.shape
  const mixed = tf.matMul(probabilities, values) // [B·nW, heads, T, e]
  const merged = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [B, layout.windows * layout.tokens, C3 / 3])
  return tf.reshape(takeResults(merged, layout.slotOfToken), [B, d, h, w, C3 / 3])
}

/** Result row of each token; slots that no token asks for (padding) receive no gradient. */
function takeResults(merged: tf.Tensor, slotOfToken: Int32Array): tf.Tensor {
  const [B, slots, C] = merged.shape
  const N = slotOfToken.length
  const tokenOfSlot = new Int32Array(slots).fill(N)
  slotOfToken.forEach((slot, token) => (tokenOfSlot[slot] = token))
  const take = tf.customGrad(x => ({
    value: tf.gather(x as tf.Tensor, tf.tensor1d(slotOfToken, 'int32'), 1),
    gradFunc: (dy: tf.Tensor) => {
      const source = slots > N ? tf.concat([dy, tf.zeros([B, 1, C])], 1) : dy
      return tf.gather(source, tf.tensor1d(tokenOfSlot, 'int32'), 1)
    },
  }))
  return take(merged)
}

/**
 * Shifted-window attention before its output projection.
 * @param qkv [B,d,h,w,3C], bias already added; features ordered q, k, v, each head-major
 * @param qkvBias [3C]: what padded tokens' q, k, v equal (zeros for a layer without bias)
 * @param biasTable [(2·window−1)³, heads]
 * @returns [B,d,h,w,C]
 */
export function windowAttention(
  qkv: tf.Tensor5D,
  qkvBias: tf.Tensor1D,
  biasTable: tf.Tensor2D,
  attributes: WindowAttributes,
): tf.Tensor5D {
  windowAttentionShape(qkv.shape, qkvBias.shape, biasTable.shape, attributes)
  if (!isKernelKnown(windowAttentionKernel))
    return windowAttentionReference(qkv, qkvBias, biasTable, attributes)
  return runGpuKernel(windowAttentionKernel, [qkv, qkvBias, biasTable], { ...attributes })[0] as tf.Tensor5D
}

/** Tells tfjs how window attention is differentiated where the kernel itself runs. */
export const windowAttentionGradient: tf.GradConfig = {
  kernelName: windowAttentionKernel.name,
  inputsToSave: ['qkv', 'qkvBias', 'biasTable'],
  gradFunc: (dOutput, saved, attributes) => {
    // Here and not inside the functions below: tfjs calls those in scopes that dispose of what they do not return.
    const [dQkv, dQkvBias, dBiasTable] = runGpuKernel(
      windowAttentionGradientKernel,
      [...saved, dOutput as tf.Tensor],
      attributes as KernelAttributes,
    )
    return { qkv: () => dQkv, qkvBias: () => dQkvBias, biasTable: () => dBiasTable }
  },
}
