// The gradients of conv3d (letters there). With dz = dy behind the activation:
//   dx[p, c] = sum over taps t, channels o of dz[p - t + ⌊k/2⌋, o] filter[t, c, o]    a convolution read the other way round
//   dfilter[t, c, o] = sum over samples and voxels p of x[p + t - ⌊k/2⌋, c] dz[p, o]  in two stages, in a fixed order
//   dbias[o] = sum of dz over samples and voxels
import * as tf from '@tensorflow/tfjs-core'
import { columnProductScratch, columnProductSteps, type ColumnProduct } from './columnProduct.ts'
import { columnSum } from './columnSum.ts'
import { checkFilter, conv3dKernel, convolutionProduct } from './conv3d.ts'
import { runGpuKernel, type GpuKernel, type KernelAttributes, type Shape } from './gpuKernel.ts'
import { samplesPerBinding } from './gpuProgram.ts'
import { chooseProductTile, rowProductStep, samplesOf, type RowProduct } from './rowProduct.ts'

/** dy [B,D,H,W,out], filter [k,k,k,in,out] → [B,D,H,W,in] */
export const conv3dInputGradientKernel: GpuKernel = {
  name: 'Conv3dInputGradient',
  inputs: ['dy', 'filter'],
  shapes([dy, filter]) {
    checkFilter('conv3dInputGradient', dy, filter, 4)
    return [[...dy!.slice(0, 4), filter![3]]]
  },
  steps({ inputs, outputs }, _attributes, device) {
    const [dy, filter] = inputs
    const [dx] = outputs
    const [kernel, , , from, to] = filter!.shape
    const whole = convolutionProduct(dy!.shape, kernel, to, from)
    const product: RowProduct = { ...whole, isRightTransposed: true, sign: -1 }
    const { batch } = product
    const { maxStorageBufferBindingSize: most, minStorageBufferOffsetAlignment: alignment } = device.limits
    samplesPerBinding(1, [filter!.size], most, alignment)
    const samples = samplesPerBinding(batch, [dy!.size / batch, dx.size / batch], most, alignment)
    const tile = chooseProductTile(product, device.tiles)
    return Array.from({ length: Math.ceil(batch / samples) }, (_, part) => {
      const first = part * samples
      const count = Math.min(samples, batch - first)
      return rowProductStep({ ...product, batch: count }, tile, {
        left: samplesOf(dy!, batch, first, count),
        right: samplesOf(filter!, 1, 0, 1),
        output: samplesOf(dx, batch, first, count),
      })
    })
  },
}

function filterProduct(x: Shape, dy: Shape, { kernel }: KernelAttributes): ColumnProduct {
  const [batch, D, H, W] = x
  return {
    ...{ source: 'voxels', segments: (kernel as number) ** 3, rows: x[4], columns: dy[4], batch },
    ...{ linesPerSample: D * H, lineLength: W, grid: [D, H, W], kernel: kernel as number },
  }
}

/** x [B,D,H,W,in], dy [B,D,H,W,out], attribute `kernel` = k → [k,k,k,in,out] */
export const conv3dFilterGradientKernel: GpuKernel = {
  name: 'Conv3dFilterGradient',
  inputs: ['x', 'dy'],
  shapes([x, dy], { kernel }) {
    const k = kernel as number
    const filter = [k, k, k, x?.[4] ?? 0, dy?.[4] ?? 0]
    checkFilter('conv3dFilterGradient', x, filter, 3)
    if (x!.slice(0, 4).join() !== dy?.slice(0, 4).join())
      throw new Error(
        `conv3dFilterGradient: expected x and dy on one grid, got [${x!.join(', ')}] and [${(dy ?? []).join(', ')}]`,
      )
    return [filter]
  },
  scratch: ([x, dy], attributes) => [columnProductScratch(filterProduct(x!, dy!, attributes))],
  steps({ inputs, outputs, scratch }, attributes, device) {
    const [x, dy] = inputs
    const product = filterProduct(x!.shape, dy!.shape, attributes)
    return columnProductSteps(product, x!, dy!, outputs[0], scratch[0], device)
  },
}

/** In rank 1: tfjs's WebGPU backend selects up to rank 4. */
function behindLeakyRelu(y: tf.Tensor, dy: tf.Tensor): tf.Tensor {
  const gradient = tf.reshape(dy, [-1])
  const isPositive = tf.greater(tf.reshape(y, [-1]), 0)
  return tf.reshape(tf.where(isPositive, gradient, tf.mul(gradient, 0.01)), dy.shape)
}

export const conv3dGradient: tf.GradConfig = {
  kernelName: conv3dKernel.name,
  inputsToSave: ['x', 'filter'],
  // Where y is positive, so was the activation's argument.
  outputsToSave: [true],
  gradFunc: (dy, saved, { activation }) => {
    const [x, filter, y] = saved
    const gradient = Array.isArray(dy) ? (dy as tf.Tensor[])[0] : (dy as tf.Tensor)
    // Here and not inside the functions below: tfjs calls those in scopes that dispose of what they do not return.
    const dz = activation === 'leakyRelu' ? behindLeakyRelu(y, gradient) : gradient
    return {
      x: () => runGpuKernel(conv3dInputGradientKernel, [dz, filter])[0],
      filter: () => runGpuKernel(conv3dFilterGradientKernel, [x, dz], { kernel: filter.shape[0] })[0],
      bias: () => columnSum(dz),
    }
  },
}
