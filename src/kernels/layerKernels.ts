// The kernels of the network's layers other than products and windows: normalisation, activation, dense attention, patches.
import type * as tf from '@tensorflow/tfjs-core'
import { denseAttentionGradient } from './denseAttention.ts'
import { denseAttentionGradientKernel, denseAttentionKernel } from './denseAttentionProgram.ts'
import { geluGradient, geluGradientKernel, geluKernel } from './gelu.ts'
import type { GpuKernel } from './gpuKernel.ts'
import { instanceNormGradient } from './instanceNorm.ts'
import { instanceNormGradientKernel, instanceNormKernel } from './instanceNormProgram.ts'
import {
  layerNormGradient,
  layerNormGradientKernel,
  layerNormKernel,
  plainLayerNormGradient,
  plainLayerNormGradientKernel,
  plainLayerNormKernel,
} from './layerNorm.ts'
import { patchEmbedGradient } from './patchEmbed.ts'
import {
  patchEmbedInputGradientKernel,
  patchEmbedKernel,
  patchEmbedWeightGradientKernel,
} from './patchEmbedProgram.ts'
import { mergeNormGradient, mergeNormGradientKernel, mergeNormKernel } from './patchMerge.ts'

/** Every kernel of this file, gradients included, for who keeps them whole while tracing. */
export const layerKernels: readonly GpuKernel[] = [
  layerNormKernel,
  layerNormGradientKernel,
  plainLayerNormKernel,
  plainLayerNormGradientKernel,
  mergeNormKernel,
  mergeNormGradientKernel,
  instanceNormKernel,
  instanceNormGradientKernel,
  geluKernel,
  geluGradientKernel,
  denseAttentionKernel,
  denseAttentionGradientKernel,
  patchEmbedKernel,
  patchEmbedInputGradientKernel,
  patchEmbedWeightGradientKernel,
]

/** Each says how the kernel of its name is differentiated. */
export const layerGradients: readonly tf.GradConfig[] = [
  layerNormGradient,
  plainLayerNormGradient,
  mergeNormGradient,
  instanceNormGradient,
  geluGradient,
  denseAttentionGradient,
  patchEmbedGradient,
]
