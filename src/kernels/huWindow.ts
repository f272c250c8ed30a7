// HU window: cuts `huWindow` out of the HU scale and maps it linearly to the model's input range; the GPU's
// tokens/normalise.ts. HU come as float32, as int32, or packed: two int16 to an int32 word, as a scan is stored.
// Input data has no gradient.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/huWindow.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel, type KernelAttributes } from './gpuKernel.ts'
import {
  bindableRanges,
  bindTensor,
  elementCount,
  flatStep,
  packUniforms,
  requireShape,
} from './stepParts.ts'

const storage = {
  float32: { perWord: 1, text: 'alias Stored = f32;', read: 'word' },
  int32: { perWord: 1, text: 'alias Stored = i32;', read: 'f32(word)' },
  packed: {
    perWord: 2,
    text: 'alias Stored = i32;',
    read: 'f32(extractBits(word, 16u * (voxel & 1u), 16u))',
  },
} as const

function rangesOf({ huWindow, outputRange }: KernelAttributes) {
  const [low, high] = huWindow as readonly number[]
  const [outLow, outHigh] = outputRange as readonly number[]
  if (!(high > low)) throw new Error(`huWindow: the HU window must rise, got [${low}, ${high}].`)
  return { low, high, outLow, scale: (outHigh - outLow) / (high - low) }
}

/**
 * Attributes `huWindow` [low, high], `outputRange` [low, high], and for packed HU `packedShape`, the voxels' shape.
 * Tolerance 1e-6: one product and sums, which a driver may contract.
 */
export const huWindowKernel: GpuKernel = {
  name: 'HuWindow',
  inputs: ['hu'],
  shapes([hu], attributes) {
    rangesOf(attributes)
    const shape = attributes.packedShape as readonly number[] | undefined
    if (!shape) return [[...hu!]]
    requireShape('huWindow', 'words of two int16', hu, [Math.ceil(elementCount(shape) / 2)])
    return [[...shape]]
  },
  steps({ inputs: [hu], outputs: [output] }, attributes, device) {
    const kind = attributes.packedShape ? 'packed' : hu!.dtype
    const { perWord, text: stored, read } = storage[kind]
    const { low, high, outLow, scale } = rangesOf(attributes)
    return bindableRanges(elementCount(output.shape), 4, device).map(({ first, count }) =>
      flatStep({
        key: `huWindow ${kind}`,
        code: `${stored}\nconst VOXELS_PER_WORD = ${perWord}u;
fn hounsfield(word: Stored, voxel: u32) -> f32 { return ${read}; }\n${text}`,
        threads: count,
        uniforms: packUniforms([count], [low, high, outLow, scale]),
        buffers: {
          1: bindTensor(hu!, device, first / perWord, Math.ceil(count / perWord)),
          2: bindTensor(output, device, first, count),
        },
      }),
    )
  },
}

/** The plain composition of tfjs ops, for HU as they are (not packed). */
export function huWindowReference(
  hu: tf.Tensor,
  huWindow: readonly [number, number],
  outputRange: readonly [number, number],
): tf.Tensor {
  const { low, high, outLow, scale } = rangesOf({ huWindow, outputRange })
  const clipped = tf.clipByValue(tf.cast(hu, 'float32'), low, high)
  return tf.add(tf.mul(tf.sub(clipped, low), scale), outLow)
}

/** hu of any shape → the same shape, in the model's input range. */
export function windowHu(
  hu: tf.Tensor,
  huWindow: readonly [number, number],
  outputRange: readonly [number, number],
): tf.Tensor {
  huWindowKernel.shapes([hu.shape], { huWindow, outputRange })
  if (!isKernelKnown(huWindowKernel)) return huWindowReference(hu, huWindow, outputRange)
  return runGpuKernel(huWindowKernel, [hu], { huWindow, outputRange })[0]
}
