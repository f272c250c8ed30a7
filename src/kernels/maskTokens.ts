// Token masking (SPEC 2):  y = x (1 − m) + t m, mask 1 = replaced by the mask token. B batch, d h w token grid, C channels.
import * as tf from '@tensorflow/tfjs-core'

export const maskTokensKernel = 'MaskTokens'

/** Output shape. @throws Error in a sentence when the inputs do not fit each other. */
export function maskTokensShape(
  x: readonly number[],
  token: readonly number[],
  mask: readonly number[],
): number[] {
  const [B, d, h, w, C] = x
  if (x.length !== 5)
    throw new Error(`maskTokens: expected x of shape [B, d, h, w, C], got [${x.join(', ')}]`)
  if (token.reduce((a, b) => a * b, 1) !== C)
    throw new Error(`maskTokens: expected a mask token of ${C} channels, got [${token.join(', ')}]`)
  if (mask.join() !== [B, d, h, w].join())
    throw new Error(
      `maskTokens: expected a mask of shape [${[B, d, h, w].join(', ')}], got [${mask.join(', ')}]`,
    )
  return [B, d, h, w, C]
}

/** The plain composition of tfjs ops: oracle, CPU lowering and, by autodiff, the gradient. */
export function maskTokensReference(x: tf.Tensor, token: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const m = tf.expandDims(mask, 4) // [B, d, h, w, 1]
  const replaced = tf.mul(tf.reshape(token, [1, 1, 1, 1, -1]), m)
  return tf.add(tf.mul(x, tf.sub(1, m)), replaced)
}

/** x [B,d,h,w,C], token [C], mask [B,d,h,w] of 0 and 1 → [B,d,h,w,C]. */
export function maskTokens(x: tf.Tensor, token: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  maskTokensShape(x.shape, token.shape, mask.shape)
  if (!tf.getKernel(maskTokensKernel, tf.getBackend())) return maskTokensReference(x, token, mask)
  return tf.engine().runKernel(maskTokensKernel, { x, token, mask }) as tf.Tensor
}
