// Matrix products and convolutions, with what tfjs is told of their gradients and the tolerances their tests hold them to.
import type * as tf from '@tensorflow/tfjs-core'
import { columnSumKernel } from './columnSum.ts'
import { conv3dKernel } from './conv3d.ts'
import { conv3dFilterGradientKernel, conv3dGradient, conv3dInputGradientKernel } from './conv3dGradient.ts'
import {
  convTranspose2FilterGradientKernel,
  convTranspose2Gradient,
  convTranspose2InputGradientKernel,
  convTranspose2Kernel,
} from './convTranspose2.ts'
import type { GpuKernel } from './gpuKernel.ts'
import { activatedMatMulKernel, matMulKernel } from './matMul.ts'
import { activatedMatMulGradient, matMulGradient } from './matMulGradient.ts'

export const productKernels: readonly GpuKernel[] = [
  ...[matMulKernel, activatedMatMulKernel, columnSumKernel],
  ...[conv3dKernel, conv3dInputGradientKernel, conv3dFilterGradientKernel],
  ...[convTranspose2Kernel, convTranspose2InputGradientKernel, convTranspose2FilterGradientKernel],
]

export const productGradients: readonly tf.GradConfig[] = [
  ...[matMulGradient, activatedMatMulGradient],
  ...[conv3dGradient, convTranspose2Gradient],
]

// Relative to the largest expected value: sums of up to some thousand products in another order than the reference's, whose
// single-precision errors are its own. The rounding of a sum of n terms grows with √n: 5e-6 for the largest tested.
export const productTolerance = 1e-5
