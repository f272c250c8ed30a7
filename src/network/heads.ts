// The heads (SPEC section 5): prototypes for pretraining, reconstruction, classification.
import * as tf from '@tensorflow/tfjs-core'
import { recStride, parameter, under, type ParameterTensors } from './parameters.ts'
import type { NetworkConfig } from './config.ts'
import { requireMultipleOf32 } from './decoder.ts'
import { meanOverTokens, type Encoded } from './encoder.ts'
import { depthToSpace, linear } from './layers.ts'

// The smallest norm that a feature vector is divided by (PyTorch's normalize).
const smallestNorm = 1e-12

/** Euclidean norm over the last axis, kept as an axis of size 1. */
function norm(x: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.sum(tf.square(x), -1, true))
}

/** Prototype logits [..., K] of features [..., dim]; `p` holds the head's own names: mlp.*, last_layer.*. */
export function projectionHead(p: ParameterTensors, x: tf.Tensor): tf.Tensor {
  const hidden = linear(p, 'mlp.2', linear(p, 'mlp.0', x, 'gelu'), 'gelu')
  const z = linear(p, 'mlp.4', hidden)
  const unit = tf.div(z, tf.maximum(norm(z), smallestNorm))
  const direction = parameter(p, 'last_layer.weight_v')
  const weight = tf.mul(parameter(p, 'last_layer.weight_g'), tf.div(direction, norm(direction))) // [K, bottleneck]
  return linear({ weight }, '', unit)
}

/** Voxels from tokens: a linear map to s³ values each, laid out as blocks. x [B,d,h,w,C] → [B,s·d,s·h,s·w,1]. */
export function reconstructBlocks(p: ParameterTensors, x: tf.Tensor, stride: number): tf.Tensor {
  return depthToSpace(linear(p, '', x), stride)
}

/** The reconstruction head on its source grid; parameters are named `rec_head.*`. → [B, D, H, W, 1] */
export function reconstruct(
  p: ParameterTensors,
  image: tf.Tensor,
  encoded: Encoded,
  config: NetworkConfig,
): tf.Tensor {
  requireMultipleOf32(image)
  const source = config.rec_source === 'bottleneck' ? encoded.bottleneck : encoded.feat[3]
  return reconstructBlocks(under(p, 'rec_head.'), source, recStride(config))
}

/** What a classifier sees: [mean over stage-4 tokens, CLS]. feat3 [B,d,h,w,8C], cls [B,4C] → [B,12C]. */
export function classificationFeatures(feat3: tf.Tensor, cls: tf.Tensor): tf.Tensor {
  return tf.concat([meanOverTokens(feat3), cls], 1)
}

/** Class logits of `classificationFeatures`; `p` holds weight and bias. */
export function classificationHead(p: ParameterTensors, feat3: tf.Tensor, cls: tf.Tensor): tf.Tensor {
  return linear(p, '', classificationFeatures(feat3, cls))
}
