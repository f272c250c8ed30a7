// The kernels around the network: masks, image operations, losses and updates, with their gradients.
import { accumulateTileKernel } from './accumulateTile.ts'
import { adamWKernel } from './adamW.ts'
import { centreUpdateKernel } from './centreUpdate.ts'
import { argMaxChannelsKernel, classProbabilityKernel } from './channelScores.ts'
import {
  diceCrossEntropyGradientKernel,
  diceCrossEntropyKernel,
  registerDiceCrossEntropyGradient,
} from './diceCrossEntropy.ts'
import { expandMaskKernel } from './expandMask.ts'
import type { GpuKernel } from './gpuKernel.ts'
import { huWindowKernel } from './huWindow.ts'
import { keepPatternKernel } from './keepPattern.ts'
import { maskedL1GradientKernel, maskedL1Kernel, registerMaskedL1Gradient } from './maskedL1.ts'
import { momentumUpdateKernel } from './momentumUpdate.ts'
import { patchDropoutKernel, registerPatchDropoutGradient } from './patchDropout.ts'
import {
  registerSharpenedCrossEntropyGradient,
  sharpenedCrossEntropyGradientKernel,
  sharpenedCrossEntropyKernel,
} from './sharpenedCrossEntropy.ts'
import {
  registerSoftmaxCrossEntropyGradient,
  softmaxCrossEntropyGradientKernel,
  softmaxCrossEntropyKernel,
} from './softmaxCrossEntropy.ts'
import { topKMaskKernel } from './topKMask.ts'
import { trilinearResampleKernel } from './trilinearResample.ts'

/** Every kernel of this file, gradients included, for who keeps them whole while tracing. */
export const auxiliaryKernels: readonly GpuKernel[] = [
  topKMaskKernel,
  expandMaskKernel,
  patchDropoutKernel,
  keepPatternKernel,
  huWindowKernel,
  trilinearResampleKernel,
  accumulateTileKernel,
  argMaxChannelsKernel,
  classProbabilityKernel,
  diceCrossEntropyKernel,
  diceCrossEntropyGradientKernel,
  maskedL1Kernel,
  maskedL1GradientKernel,
  softmaxCrossEntropyKernel,
  softmaxCrossEntropyGradientKernel,
  sharpenedCrossEntropyKernel,
  sharpenedCrossEntropyGradientKernel,
  centreUpdateKernel,
  adamWKernel,
  momentumUpdateKernel,
]

const registerGradients = [
  registerPatchDropoutGradient,
  registerDiceCrossEntropyGradient,
  registerMaskedL1Gradient,
  registerSoftmaxCrossEntropyGradient,
  registerSharpenedCrossEntropyGradient,
]

/** Tells tfjs how these kernels are differentiated. */
export function registerAuxiliaryGradients(): void {
  for (const register of registerGradients) register()
}
