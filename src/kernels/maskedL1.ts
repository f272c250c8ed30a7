// Masked L1 (SPEC 6, AMIP):  loss = Σ |rec − image| M / (Σ M + 1e-5) over all elements; the slope of |x| at 0 is 0.
// rec, image and M of one shape. Backward: dRec = dLoss · sign(rec − image) M / (Σ M + 1e-5), the last factor kept as an
// output of the forward. Image and mask are data and have no gradient.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/maskedL1.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel, type TensorBinding } from './gpuKernel.ts'
import {
  bindableRanges,
  bindTensor,
  elementCount,
  flatStep,
  packUniforms,
  requireShape,
} from './stepParts.ts'
import { sumRows, sumRowsScratch } from './sumRows.ts'

const elementsPerThread = 32
const smoothing = 1e-5

const rowsFor = (elements: number) => Math.ceil(elements / elementsPerThread)

function program(mask: TensorBinding) {
  const maskNumber = mask.dtype === 'int32' ? 'i32' : 'f32'
  return { key: `maskedL1 ${maskNumber}`, code: `alias MaskNumber = ${maskNumber};\n${text}` }
}

/**
 * Outputs loss [] and 1 / (Σ M + 1e-5) []. Tolerance 2e-6: a sum of a million terms in pairs, in single precision.
 */
export const maskedL1Kernel: GpuKernel = {
  name: 'MaskedL1',
  inputs: ['reconstruction', 'image', 'mask'],
  shapes([reconstruction, image, mask]) {
    requireShape('maskedL1', 'an image', image, reconstruction!)
    requireShape('maskedL1', 'a mask', mask, reconstruction!)
    return [[], []]
  },
  scratch([reconstruction]) {
    const rows = rowsFor(elementCount(reconstruction!))
    return [2 * rows, ...sumRowsScratch(1, rows, 2)]
  },
  steps({ inputs, outputs: [loss, inverse], scratch }, _, device) {
    const [reconstruction, image, mask] = inputs as readonly TensorBinding[]
    const [partials, ...levels] = scratch
    const elements = elementCount(reconstruction.shape)
    // Ranges are multiples of 256 elements but for the last, so that rows never overlap.
    const gather = bindableRanges(elements, 4, device).map(({ first, count }) =>
      flatStep({
        ...program(mask),
        entryPoint: 'gather',
        threads: rowsFor(count),
        uniforms: packUniforms([count, rowsFor(count), first / elementsPerThread], [smoothing]),
        buffers: {
          1: bindTensor(reconstruction, device, first, count),
          2: bindTensor(image, device, first, count),
          3: bindTensor(mask, device, first, count),
          4: bindTensor(partials, device),
        },
      }),
    )
    const { steps, sums } = sumRows(partials, levels, 1, rowsFor(elements), 2, device)
    const finish = flatStep({
      ...program(mask),
      entryPoint: 'finish',
      threads: 1,
      uniforms: packUniforms([elements, 0, 0], [smoothing]),
      buffers: { 5: bindTensor(sums, device), 6: bindTensor(loss, device), 7: bindTensor(inverse, device) },
    })
    return [...gather, ...steps, finish]
  },
}

/** dReconstruction. Tolerance 1e-6: two products. */
export const maskedL1GradientKernel: GpuKernel = {
  name: 'MaskedL1Gradient',
  inputs: ['reconstruction', 'image', 'mask', 'inverse', 'dLoss'],
  shapes: ([reconstruction]) => [[...reconstruction!]],
  steps({ inputs, outputs: [dReconstruction] }, _, device) {
    const [reconstruction, image, mask, inverse, dLoss] = inputs as readonly TensorBinding[]
    return bindableRanges(elementCount(reconstruction.shape), 4, device).map(({ first, count }) =>
      flatStep({
        ...program(mask),
        entryPoint: 'grad',
        threads: count,
        uniforms: packUniforms([count, 0, 0], [smoothing]),
        buffers: {
          1: bindTensor(reconstruction, device, first, count),
          2: bindTensor(image, device, first, count),
          3: bindTensor(mask, device, first, count),
          8: bindTensor(inverse, device),
          9: bindTensor(dLoss, device),
          10: bindTensor(dReconstruction, device, first, count),
        },
      }),
    )
  },
}

export function registerMaskedL1Gradient(): void {
  tf.registerGradient({
    kernelName: maskedL1Kernel.name,
    inputsToSave: ['reconstruction', 'image', 'mask'],
    outputsToSave: [false, true],
    gradFunc: (dy, saved) => {
      const [dLoss] = dy as tf.Tensor[]
      const [dReconstruction] = runGpuKernel(maskedL1GradientKernel, [...saved, dLoss])
      return { reconstruction: () => dReconstruction }
    },
  })
}

/** The plain composition of tfjs ops. */
export function maskedL1Reference(reconstruction: tf.Tensor, image: tf.Tensor, mask: tf.Tensor): tf.Scalar {
  const difference = tf.sub(reconstruction, image)
  // x·sign(x) instead of abs: tfjs gives abs a slope of −1 at 0, where SPEC 6 asks for 0.
  const error = tf.mul(tf.mul(difference, tf.sign(difference)), mask)
  return tf.div(tf.sum(error), tf.add(tf.sum(mask), smoothing))
}

/** Σ |rec − image| M / (Σ M + 1e-5). The kernel takes a mask of the reconstruction's own shape; others are composed. */
export function maskedL1(reconstruction: tf.Tensor, image: tf.Tensor, mask: tf.Tensor): tf.Scalar {
  const isAlike = [image, mask].every(({ shape }) => shape.join() === reconstruction.shape.join())
  if (!isAlike || !isKernelKnown(maskedL1Kernel)) return maskedL1Reference(reconstruction, image, mask)
  return runGpuKernel(maskedL1Kernel, [reconstruction, image, mask])[0] as tf.Scalar
}
