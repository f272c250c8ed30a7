// All kernels of ours and the gradients that tfjs is told of: whoever adds a kernel adds it here, and eager WebGPU, the
// tracer and the compiled plan know it.
import type * as tf from '@tensorflow/tfjs-core'
import type { GpuKernel } from './gpuKernel.ts'
import { maskTokensGradient } from './maskTokens.ts'
import { maskTokensKernel } from './maskTokensProgram.ts'
import { windowAttentionGradient } from './windowAttention.ts'
import { windowAttentionGradientKernel } from './windowAttentionGradient.ts'
import { windowAttentionKernel } from './windowAttentionProgram.ts'

export const gpuKernels: readonly GpuKernel[] = [
  maskTokensKernel,
  windowAttentionKernel,
  windowAttentionGradientKernel,
]

/** Each says how the kernel of its name is differentiated. */
export const kernelGradients: readonly tf.GradConfig[] = [maskTokensGradient, windowAttentionGradient]
