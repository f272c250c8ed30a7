// Patch embedding (SPEC 2): convolution of kernel 2³ and stride 2, the grid padded with zeros at its END.
//   y[block] = bias + Σ over children and inputs of x[child, input] · weight[child, input]
// x [B,D,H,W,Cin], weight [8·Cin, C], bias [C] → [B,⌈D/2⌉,⌈H/2⌉,⌈W/2⌉,C]. Fused: padding, gather, product, bias.
// Backward: dx only where it is asked for; dWeight and dBias in two stages. Source: Dosovitskiy et al. 2021.
import * as tf from '@tensorflow/tfjs-core'
import { isKernelKnown, runGpuKernel } from './gpuKernel.ts'
import {
  patchEmbedInputGradientKernel,
  patchEmbedKernel,
  patchEmbedWeightGradientKernel,
} from './patchEmbedProgram.ts'

export const patchEmbedGradient: tf.GradConfig = {
  kernelName: patchEmbedKernel.name,
  inputsToSave: ['x', 'weight'],
  gradFunc: (dy, [x, weight]) => {
    const dOutput = dy as tf.Tensor
    const [dWeight, dBias] = runGpuKernel(patchEmbedWeightGradientKernel, [x, weight, dOutput])
    return {
      x: () => runGpuKernel(patchEmbedInputGradientKernel, [weight, dOutput], { shape: x.shape })[0],
      weight: () => dWeight,
      bias: () => dBias,
    }
  },
}

/** True where `embedBlocks` may be called: the kernel knows blocks of 2³ alone. */
export function canEmbedBlocks(patch: number): boolean {
  return patch === 2 && isKernelKnown(patchEmbedKernel)
}

/** The kernel. x [B,D,H,W,Cin], weight as a convolution's [C,Cin,2,2,2], bias [C]. */
export function embedBlocks(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const rows = tf.reshape(tf.transpose(weight, [2, 3, 4, 1, 0]), [-1, weight.shape[0]]) // [(a, b, c, Cin), C]
  return runGpuKernel(patchEmbedKernel, [x, rows, bias])[0]
}
