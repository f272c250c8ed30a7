// Gaussian-weighted tile accumulation, prediction/blend.ts on the GPU:  sum += g·p, weight += g at an offset that may
// reach beyond the volume. sum, weight [D,H,W], tile and gaussian [d,h,w]. Where the outputs are bound to the inputs'
// own place, only the tile's voxels are touched; otherwise both volumes are copied. Inference only: no gradient.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/accumulateTile.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel, type TensorBinding } from './gpuKernel.ts'
import { samplesPerBinding } from './gpuProgram.ts'
import { bindTensor, elementCount, flatStep, isSamePlace, packUniforms, requireShape } from './stepParts.ts'

/** Input `origin` [3], int32: the tile's first voxel. Tolerance 1e-6: one product and one sum. */
export const accumulateTileKernel: GpuKernel = {
  name: 'AccumulateTile',
  inputs: ['sum', 'weight', 'tile', 'gaussian', 'origin'],
  shapes([sum, weight, tile, gaussian, origin]) {
    if (sum?.length !== 3 || tile?.length !== 3)
      throw new Error(
        `accumulateTile: expected a volume and a tile of three axes, got [${sum?.join(', ')}] and [${tile?.join(', ')}].`,
      )
    requireShape('accumulateTile', 'a weight sum', weight, sum)
    requireShape('accumulateTile', 'tile weights', gaussian, tile)
    requireShape('accumulateTile', 'an origin', origin, [3])
    return [[...sum], [...sum]]
  },
  steps({ inputs, outputs: [sumOutput, weightOutput] }, _, device) {
    const [sum, weight, tile, gaussian, origin] = inputs as readonly TensorBinding[]
    if (origin.dtype !== 'int32')
      throw new Error('accumulateTile: expected the origin as int32, got float32; cast it.')
    const isInPlace = isSamePlace(sum, sumOutput) && isSamePlace(weight, weightOutput)
    const [D, H, W] = sum.shape
    const { maxStorageBufferBindingSize: most, minStorageBufferOffsetAlignment: alignment } = device.limits
    const slab = samplesPerBinding(D, [4 * H * W], most, alignment)
    return Array.from({ length: Math.ceil(D / slab) }, (_, part) => {
      const slices = Math.min(slab, D - part * slab)
      const bind = (volume: TensorBinding) => bindTensor(volume, device, part * slab * H * W, slices * H * W)
      const before: Record<number, GPUBufferBinding> = isInPlace ? {} : { 6: bind(sum), 7: bind(weight) }
      const threads = isInPlace ? elementCount(tile.shape) : slices * H * W
      return flatStep({
        key: 'accumulateTile',
        code: text,
        entryPoint: isInPlace ? 'inPlace' : 'copy',
        threads,
        uniforms: packUniforms([threads, part * slab, slices, H, W, ...tile.shape]),
        buffers: {
          1: bindTensor(tile, device),
          2: bindTensor(gaussian, device),
          3: bindTensor(origin, device),
          4: bind(sumOutput),
          5: bind(weightOutput),
          ...before,
        },
      })
    })
  },
}

/** The plain composition of tfjs ops; `origin` is read, so it must be a known number here. */
export function accumulateTileReference(
  sum: tf.Tensor,
  weight: tf.Tensor,
  tile: tf.Tensor,
  gaussian: tf.Tensor,
  origin: tf.Tensor,
): tf.Tensor[] {
  const first = Array.from(origin.dataSync())
  const low = first.map(place => Math.max(0, place))
  const high = first.map((place, axis) => Math.min(sum.shape[axis], place + tile.shape[axis]))
  const size = high.map((end, axis) => end - low[axis])
  if (size.some(side => side <= 0)) return [sum, weight]
  const around = low.map((start, axis) => [start, sum.shape[axis] - high[axis]] as [number, number])
  const placed = (x: tf.Tensor) => {
    const part = tf.slice(
      x,
      low.map((start, axis) => start - first[axis]),
      size,
    )
    return tf.pad(part, around)
  }
  return [tf.add(sum, placed(tf.mul(tile, gaussian))), tf.add(weight, placed(gaussian))]
}

/** sum and weight [D,H,W] with tile [d,h,w] added at `origin` [3] (int32, may be negative) → both [D,H,W]. */
export function accumulateTile(
  sum: tf.Tensor,
  weight: tf.Tensor,
  tile: tf.Tensor,
  gaussian: tf.Tensor,
  origin: tf.Tensor,
): tf.Tensor[] {
  const inputs = [sum, weight, tile, gaussian, origin]
  accumulateTileKernel.shapes(
    inputs.map(({ shape }) => shape),
    {},
  )
  if (!isKernelKnown(accumulateTileKernel))
    return accumulateTileReference(sum, weight, tile, gaussian, origin)
  return runGpuKernel(accumulateTileKernel, inputs)
}
