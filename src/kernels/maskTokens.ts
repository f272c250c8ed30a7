// Token masking (SPEC 2):  y = x (1 − m) + t m, mask 1 = replaced by the mask token. B batch, d h w token grid, C channels.
import * as tf from '@tensorflow/tfjs-core'
import { isKernelKnown, runGpuKernel } from './gpuKernel.ts'
import { maskTokensKernel, maskTokensShape } from './maskTokensProgram.ts'

/** The plain composition of tfjs ops: oracle, CPU lowering and, by autodiff, the gradient. */
export function maskTokensReference(x: tf.Tensor, token: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const m = tf.expandDims(mask, 4) // [B, d, h, w, 1]
  const replaced = tf.mul(tf.reshape(token, [1, 1, 1, 1, -1]), m)
  return tf.add(tf.mul(x, tf.sub(1, m)), replaced)
}

/** x [B,d,h,w,C], token [C], mask [B,d,h,w] of 0 and 1 → [B,d,h,w,C]. */
export function maskTokens(x: tf.Tensor, token: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  maskTokensShape(x.shape, token.shape, mask.shape)
  if (!isKernelKnown(maskTokensKernel)) return maskTokensReference(x, token, mask)
  return runGpuKernel(maskTokensKernel, [x, token, mask])[0]
}

/** Tells tfjs how token masking is differentiated where the kernel itself runs. */
export const maskTokensGradient: tf.GradConfig = {
  kernelName: maskTokensKernel.name,
  inputsToSave: ['x', 'token', 'mask'],
  gradFunc: (gradient, saved) => {
    const [x, token, mask] = saved
    const dy = gradient as tf.Tensor
    const m = tf.expandDims(mask, 4) // [B, d, h, w, 1]
    return {
      x: () => tf.mul(dy, tf.sub(1, m)),
      token: () => tf.reshape(tf.sum(tf.mul(dy, m), [0, 1, 2, 3]), token.shape),
      mask: () => tf.sum(tf.mul(dy, tf.sub(tf.reshape(token, [1, 1, 1, 1, -1]), x)), 4),
    }
  },
}
