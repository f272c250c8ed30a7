// InstanceNorm over D, H, W of each sample and channel (SPEC 1, 9), with what follows it in a residual block:
//   z = (x − mean) / √(variance + 1e-5)      y = act(z + r)      act(t) = t > 0 ? t : slope · t
// x, r [B,D,H,W,C]; r and act may be missing. Over a single voxel z is exactly 0 and x has no gradient.
// Fused: statistics in one pass over x, then sum and activation. Backward: the statistics and the sign of y are kept.
// Source: Ulyanov, Vedaldi, Lempitsky 2016.
import * as tf from '@tensorflow/tfjs-core'
import { isKernelKnown, runGpuKernel } from './gpuKernel.ts'
import { instanceNormGradientKernel, instanceNormKernel } from './instanceNormProgram.ts'
import { standardise } from './layerNorm.ts'

export interface InstanceNormOptions {
  /** Added after normalising. [B,D,H,W,C] */
  readonly residual?: tf.Tensor
  /** Slope of a LeakyReLU at the end; none where it is missing. */
  readonly slope?: number
}

export const instanceNormGradient: tf.GradConfig = {
  kernelName: instanceNormKernel.name,
  inputsToSave: ['x'],
  outputsToSave: [true, true],
  gradFunc: (dy, [x, y, statistics], attributes) => {
    const { slope, hasResidual } = attributes as unknown as { slope: number; hasResidual: boolean }
    const inputs = [x, y, statistics, (dy as tf.Tensor[])[0]]
    const [dx, dResidual] = runGpuKernel(instanceNormGradientKernel, inputs, { slope, hasResidual })
    return { x: () => dx, residual: () => dResidual }
  },
}

/** The plain composition of tfjs ops. A single voxel is said by the shape, not left to rounding. */
export function instanceNormReference(
  x: tf.Tensor,
  { residual, slope }: InstanceNormOptions = {},
): tf.Tensor {
  const [, D, H, W] = x.shape
  const normed = D * H * W === 1 ? tf.mul(x, 0) : standardise(x, [1, 2, 3])
  const sum = residual ? tf.add(normed, residual) : normed
  return slope === undefined ? sum : tf.leakyRelu(sum, slope)
}

/** InstanceNorm of x [B,D,H,W,C] without affine parameters, and what follows it. */
export function instanceNorm(x: tf.Tensor, options: InstanceNormOptions = {}): tf.Tensor {
  if (!isKernelKnown(instanceNormKernel)) return instanceNormReference(x, options)
  const { residual, slope = 1 } = options
  return runGpuKernel(instanceNormKernel, [x, residual], { slope, hasResidual: residual !== undefined })[0]
}
