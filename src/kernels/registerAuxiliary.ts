// The kernels around the network: masks, image operations, losses and updates, registered with tfjs-backend-webgpu.
import { accumulateTileKernel } from './accumulateTile.ts'
import { argMaxChannelsKernel, classProbabilityKernel } from './channelScores.ts'
import { expandMaskKernel } from './expandMask.ts'
import { registerGpuKernel, type GpuKernel } from './gpuKernel.ts'
import { huWindowKernel } from './huWindow.ts'
import { keepPatternKernel } from './keepPattern.ts'
import { patchDropoutKernel, registerPatchDropoutGradient } from './patchDropout.ts'
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
]

const registerGradients = [registerPatchDropoutGradient]

export function registerAuxiliaryKernels(): void {
  auxiliaryKernels.forEach(registerGpuKernel)
  for (const register of registerGradients) register()
}
