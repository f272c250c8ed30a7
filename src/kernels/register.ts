// Our kernels and their gradients, made known to tfjs; and each kernel's page as one constant, with the tolerance its
// tests hold it to.
import * as tf from '@tensorflow/tfjs-core'
import { registerGpuKernel } from './gpuKernel.ts'
import { gpuKernels, kernelGradients } from './kernelList.ts'
import { maskTokensReference } from './maskTokens.ts'
import { maskTokensKernel } from './maskTokensProgram.ts'
import { windowAttentionReference } from './windowAttention.ts'
import { windowAttentionGradientKernel } from './windowAttentionGradient.ts'
import { windowAttentionKernel } from './windowAttentionProgram.ts'

/** Window attention, all of its page. Errors are relative to the largest expected value. */
export const windowAttentionPage = {
  kernel: windowAttentionKernel,
  reference: windowAttentionReference,
  gradient: windowAttentionGradientKernel,
  // Sums of at most 343 terms in another order, and the driver's exp, which WGSL only binds to a few units in the last
  // place; the golden fixtures ask for the same. Gradients pass through the softmax twice and sum over all windows.
  tolerance: { forward: 2e-5, gradient: 1e-4 },
} as const

/** Token masking, all of its page. */
export const maskTokensPage = {
  kernel: maskTokensKernel,
  reference: maskTokensReference,
  // One product and one sum, which a driver may contract to a fused multiply-add.
  tolerance: { forward: 1e-6, gradient: 1e-6 },
} as const

let hasGradients = false

/** Tells tfjs how our kernels are differentiated, on whichever backend they run; once is enough. */
export function registerKernelGradients(): void {
  if (hasGradients) return
  hasGradients = true
  kernelGradients.forEach(gradient => tf.registerGradient(gradient))
}

let isRegistered = false

/** Registers all kernels of ours for every later WebGPU backend; calling it again changes nothing. */
export function registerKernels(): void {
  registerKernelGradients()
  if (isRegistered) return
  isRegistered = true
  gpuKernels.forEach(registerGpuKernel)
}
