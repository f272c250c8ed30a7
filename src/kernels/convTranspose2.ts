// Transposed convolution of kernel 2³ and stride 2: every voxel becomes eight children, each by a matrix of its own.
//   y[2p + child, o] = sum over c of x[p, c] filter[child, o, c]
// B batch, d h w grid, in and out channels. Channels last; one product whose columns (child, out) are written where they
// belong, without an array in between. The backward pass needs x and filter.
import * as tf from '@tensorflow/tfjs-core'
import { columnProductScratch, columnProductSteps, type ColumnProduct } from './columnProduct.ts'
import {
  isKernelKnown,
  runGpuKernel,
  type DeviceFacts,
  type GpuKernel,
  type Shape,
  type TensorBinding,
} from './gpuKernel.ts'
import { samplesPerBinding, type ComputeStep } from './gpuProgram.ts'
import { chooseProductTile, rowProductStep, samplesOf, type RowProduct } from './rowProduct.ts'

const show = (shape: Shape | undefined) => `[${(shape ?? []).join(', ')}]`

function checkShapes(who: string, x: Shape | undefined, filter: Shape | undefined, channels: 3 | 4): void {
  if (
    x?.length === 5 &&
    filter?.length === 5 &&
    filter.slice(0, 3).join() === '2,2,2' &&
    filter[channels] === x[4]
  )
    return
  throw new Error(
    `${who}: expected a grid [B, d, h, w, C] and a filter [2, 2, 2, out, in] with C on axis ${channels}, got ${show(x)} and ${show(filter)}`,
  )
}

const doubled = ([B, d, h, w]: Shape) => [B, 2 * d, 2 * h, 2 * w]

/** `left` times `filter` into `output`, in parts of the batch where it is larger than a binding may be. */
function productSteps(
  product: RowProduct,
  [left, filter, output]: readonly TensorBinding[],
  { limits, tiles }: DeviceFacts,
): ComputeStep[] {
  const { batch } = product
  const { maxStorageBufferBindingSize: most, minStorageBufferOffsetAlignment: alignment } = limits
  samplesPerBinding(1, [filter.size], most, alignment)
  const samples = samplesPerBinding(batch, [left.size / batch, output.size / batch], most, alignment)
  const tile = chooseProductTile(product, tiles)
  return Array.from({ length: Math.ceil(batch / samples) }, (_, part) => {
    const first = part * samples
    const count = Math.min(samples, batch - first)
    return rowProductStep({ ...product, batch: count }, tile, {
      left: samplesOf(left, batch, first, count),
      right: samplesOf(filter, 1, 0, 1),
      output: samplesOf(output, batch, first, count),
    })
  })
}

/** x [B,d,h,w,in], filter [2,2,2,out,in] → [B,2d,2h,2w,out] */
export const convTranspose2Kernel: GpuKernel = {
  name: 'ConvTranspose2',
  inputs: ['x', 'filter'],
  shapes([x, filter]) {
    checkShapes('convTranspose2', x, filter, 4)
    return [[...doubled(x!), filter![3]]]
  },
  steps({ inputs, outputs }, _attributes, device) {
    const [x, filter] = inputs
    const [batch, d, h, w, from] = x!.shape
    const product: RowProduct = {
      ...{ batch, rows: d * h * w, depth: from, columns: 8 * filter!.shape[3], segments: 1, source: 'plain' },
      ...{
        grid: [d, h, w],
        isScattered: true,
        isRightTransposed: true,
        isRightShared: true,
        epilogue: 'none',
      },
    }
    return productSteps(product, [x!, filter!, outputs[0]], device)
  },
}

/** dy [B,2d,2h,2w,out], filter [2,2,2,out,in] → [B,d,h,w,in] */
export const convTranspose2InputGradientKernel: GpuKernel = {
  name: 'ConvTranspose2InputGradient',
  inputs: ['dy', 'filter'],
  shapes([dy, filter]) {
    checkShapes('convTranspose2InputGradient', dy, filter, 3)
    const [B, D, H, W] = dy!
    return [[B, D / 2, H / 2, W / 2, filter![4]]]
  },
  steps({ inputs, outputs }, _attributes, device) {
    const [dy, filter] = inputs
    const [dx] = outputs
    const [batch, d, h, w, from] = dx.shape
    const product: RowProduct = {
      ...{ batch, rows: d * h * w, depth: filter!.shape[3], columns: from, segments: 8, source: 'children' },
      ...{ grid: [d, h, w], isRightTransposed: false, isRightShared: true, epilogue: 'none' },
    }
    return productSteps(product, [dy!, filter!, dx], device)
  },
}

function filterProduct(x: Shape, dy: Shape): ColumnProduct {
  const [batch, d, h, w, from] = x
  return {
    ...{ source: 'children', segments: 8, rows: dy[4], columns: from, batch },
    ...{ linesPerSample: d * h, lineLength: w, grid: [d, h, w] },
  }
}

/** x [B,d,h,w,in], dy [B,2d,2h,2w,out] → [2,2,2,out,in] */
export const convTranspose2FilterGradientKernel: GpuKernel = {
  name: 'ConvTranspose2FilterGradient',
  inputs: ['x', 'dy'],
  shapes([x, dy]) {
    if (x?.length !== 5 || dy?.length !== 5 || dy.slice(0, 4).join() !== doubled(x).join())
      throw new Error(
        `convTranspose2FilterGradient: expected grids [B, d, h, w, in] and [B, 2d, 2h, 2w, out], got ${show(x)} and ${show(dy)}`,
      )
    return [[2, 2, 2, dy[4], x[4]]]
  },
  scratch: ([x, dy]) => [columnProductScratch(filterProduct(x!, dy!))],
  steps({ inputs, outputs, scratch }, _attributes, device) {
    const [x, dy] = inputs
    return columnProductSteps(filterProduct(x!.shape, dy!.shape), dy!, x!, outputs[0], scratch[0], device)
  },
}

export const convTranspose2Gradient: tf.GradConfig = {
  kernelName: convTranspose2Kernel.name,
  inputsToSave: ['x', 'filter'],
  gradFunc: (dy, saved) => {
    const [x, filter] = saved
    return {
      x: () => runGpuKernel(convTranspose2InputGradientKernel, [dy as tf.Tensor, filter])[0],
      filter: () => runGpuKernel(convTranspose2FilterGradientKernel, [x, dy as tf.Tensor])[0],
    }
  },
}

/** The plain composition of tfjs ops: oracle, CPU lowering and, by autodiff, the gradient. */
export function convTranspose2Reference(x: tf.Tensor, filter: tf.Tensor): tf.Tensor {
  const [B, d, h, w, from] = x.shape
  const to = filter.shape[3]!
  const rows = tf.reshape(x, [B * d * h * w, from!])
  const product = tf.matMul(rows, tf.reshape(filter, [8 * to, from!]), false, true) // [.., (child, out)]
  const blocks = tf.reshape(product, [B * d, h, w, 2, 2, 2 * to])
  return tf.reshape(tf.transpose(blocks, [0, 3, 1, 4, 2, 5]), [...doubled(x.shape), to])
}

/** x [B,d,h,w,in], filter [2,2,2,out,in] → [B,2d,2h,2w,out] */
export function convTranspose2(x: tf.Tensor, filter: tf.Tensor): tf.Tensor {
  convTranspose2Kernel.shapes([x.shape, filter.shape], {})
  if (!isKernelKnown(convTranspose2Kernel)) return convTranspose2Reference(x, filter)
  return runGpuKernel(convTranspose2Kernel, [x, filter])[0]
}
