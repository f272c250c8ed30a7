// The small layers: linear, normalisations, activations, convolutions. All tensors are channels last; weights come in
// PyTorch's layouts and are turned here, which costs nothing once they are constants of a compiled graph.
// B batch, D H W voxels, d h w coarser grid, C channels, s stride. Ranks stay ≤ 6, the limit of tfjs's WebGPU backend.
import * as tf from '@tensorflow/tfjs-core'
import * as kernels from '../kernels/conv3d.ts'
import { convTranspose2 } from '../kernels/convTranspose2.ts'
import * as products from '../kernels/matMul.ts'
import { normaliseLayer } from '../kernels/layerNorm.ts'
import { parameter, type ParameterTensors } from './parameters.ts'

/** Parameter `name.leaf`, or `leaf` alone where the record is already the layer's own (`name` empty). */
function leaf(name: string, last: string): string {
  return name === '' ? last : `${name}.${last}`
}

/** y = act(x Wᵀ + b) over the last axis; the bias is added where there is one. x [..., in], weight [out, in]. */
export function linear(
  p: ParameterTensors,
  name: string,
  x: tf.Tensor,
  activation: 'none' | 'gelu' = 'none',
): tf.Tensor {
  const weight = parameter(p, leaf(name, 'weight'))
  return products.linear(x, tf.reshape(weight, [weight.shape[0], -1]), p[leaf(name, 'bias')], activation)
}

/** As `linear`, with weight [out, in] and bias given. */
export function applyLinear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | undefined): tf.Tensor {
  return products.linear(x, weight, bias)
}

/** LayerNorm over the last axis without affine parameters. */
export function plainLayerNorm(x: tf.Tensor): tf.Tensor {
  return normaliseLayer(x)
}

/** LayerNorm over the last axis with weight and bias. */
export function layerNorm(p: ParameterTensors, name: string, x: tf.Tensor): tf.Tensor {
  return normaliseLayer(x, parameter(p, leaf(name, 'weight')), parameter(p, leaf(name, 'bias')))
}

export const leakySlope = 0.01

/** LeakyReLU of slope 0.01. */
export function leakyRelu(x: tf.Tensor): tf.Tensor {
  return tf.leakyRelu(x, leakySlope)
}

/** Convolution of stride 1 that keeps the size (odd kernel). x [B,D,H,W,in], weight [out,in,k,k,k] → [B,D,H,W,out]. */
export function conv3d(p: ParameterTensors, name: string, x: tf.Tensor): tf.Tensor {
  const weight = parameter(p, leaf(name, 'weight'))
  const bias = p[leaf(name, 'bias')]
  const filter = tf.transpose(weight, [2, 3, 4, 1, 0]) // [k, k, k, in, out]
  return kernels.conv3d(x, filter, bias)[0]
}

/** Transposed convolution of kernel 2³ and stride 2. x [B,d,h,w,in], weight [in,out,2,2,2] → [B,2d,2h,2w,out]. */
export function convTranspose(p: ParameterTensors, name: string, x: tf.Tensor): tf.Tensor {
  const weight = parameter(p, leaf(name, 'weight'))
  return convTranspose2(x, tf.transpose(weight, [2, 3, 4, 1, 0])) // [2, 2, 2, out, in]
}

/** Blocks of s³ voxels become channels. x [B, s·d, s·h, s·w, C] → [B, d, h, w, s·s·s·C], channel order (a, b, c, C). */
export function spaceToDepth(x: tf.Tensor, s: number): tf.Tensor {
  const [B, D, H, W, C] = x.shape
  const [d, h, w] = [D / s, H / s, W / s]
  const blocks = tf.reshape(x, [B * d, s, h, s, w, s * C])
  return tf.reshape(tf.transpose(blocks, [0, 2, 4, 1, 3, 5]), [B, d, h, w, s ** 3 * C])
}

/** Inverse of `spaceToDepth`. x [B, d, h, w, s·s·s·C] → [B, s·d, s·h, s·w, C]. */
export function depthToSpace(x: tf.Tensor, s: number): tf.Tensor {
  const [B, d, h, w, channels] = x.shape
  const C = channels / s ** 3
  const blocks = tf.reshape(x, [B * d, h, w, s, s, s * C])
  return tf.reshape(tf.transpose(blocks, [0, 3, 1, 4, 2, 5]), [B, s * d, s * h, s * w, C])
}

/** Pads one axis with zeros at the END, in rank 3: tfjs's WebGPU backend cannot pad rank 5. */
function padAxis(x: tf.Tensor, axis: number, count: number): tf.Tensor {
  if (count === 0) return x
  const { shape } = x
  const before = shape.slice(0, axis).reduce((product, size) => product * size, 1)
  const padded = tf.pad(tf.reshape(x, [before, shape[axis], -1]), [
    [0, 0],
    [0, count],
    [0, 0],
  ])
  return tf.reshape(padded, [...shape.slice(0, axis), shape[axis] + count, ...shape.slice(axis + 1)])
}

/** Pads D, H and W with zeros at the END to multiples of `multiple`. x [B, D, H, W, C]. */
export function padToMultiple(x: tf.Tensor, multiple: number): tf.Tensor {
  return [1, 2, 3].reduce((padded, axis) => {
    const excess = x.shape[axis] % multiple
    return padAxis(padded, axis, excess === 0 ? 0 : multiple - excess)
  }, x)
}
