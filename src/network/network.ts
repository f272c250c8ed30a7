// The whole network, one function a task: what training, prediction and export call.
import * as tf from '@tensorflow/tfjs-core'
import { semanticStage, type NetworkConfig } from './config.ts'
import { decode, requireMultipleOf32 } from './decoder.ts'
import { encode, meanOverTokens, type Encoded, type EncodeOptions } from './encoder.ts'
import { classificationHead, projectionHead, reconstruct } from './heads.ts'
import { under, type ParameterTensors } from './parameters.ts'
import { semanticAttention, type SemanticAttention } from './semanticAttention.ts'

/** Voxel logits [B, D, H, W, seg_classes] of an image [B, D, H, W, Cin], sides multiples of 32. */
export function segmentLogits(
  p: ParameterTensors,
  image: tf.Tensor,
  config: NetworkConfig,
  options: EncodeOptions = {},
): tf.Tensor {
  requireMultipleOf32(image)
  return decode(p, image, encode(p, image, config, options), config)
}

/** Class logits [B, n_classes] of an image [B, D, H, W, Cin] of any size. */
export function classifyLogits(
  p: ParameterTensors,
  image: tf.Tensor,
  config: NetworkConfig,
  options: EncodeOptions = {},
): tf.Tensor {
  const encoded = encode(p, image, config, options)
  const { cls } = semanticAttention(p, encoded.feat[semanticStage(config)], config)
  return classificationHead(under(p, 'cls_head.'), encoded.feat[3], cls)
}

/** Logits over the prototypes of the three projection heads. */
export interface HeadLogits {
  /** From the token that stands for the whole image: semantic attention's CLS. [B, K] */
  readonly aitd: tf.Tensor
  /** From each stage-3 token. [B, N, K] */
  readonly ampd: tf.Tensor
  /** From the mean stage-4 token. [B, K] */
  readonly gitd: tf.Tensor
  readonly encoded: Encoded
}

/** What a pretraining pass yields beside the reconstruction. */
export interface PrototypeLogits extends HeadLogits {
  readonly attention: SemanticAttention
}

function projectTokens(p: ParameterTensors, encoded: Encoded, image: tf.Tensor): HeadLogits {
  const stage3 = encoded.feat[2]
  const tokens = tf.reshape(stage3, [stage3.shape[0], -1, stage3.shape[4]!])
  return {
    aitd: projectionHead(under(p, 'head_aitd.'), image),
    ampd: projectionHead(under(p, 'head_ampd.'), tokens),
    gitd: projectionHead(under(p, 'head_gitd.'), meanOverTokens(encoded.feat[3])),
    encoded,
  }
}

/** Encoder, semantic attention and the three projection heads (SPEC section 6, teacher and student alike). */
export function prototypeLogits(
  p: ParameterTensors,
  image: tf.Tensor,
  config: NetworkConfig,
  options: EncodeOptions = {},
): PrototypeLogits {
  const encoded = encode(p, image, config, options)
  const attention = semanticAttention(p, encoded.feat[semanticStage(config)], config)
  return { ...projectTokens(p, encoded, attention.cls), attention }
}

/** The same without semantic attention, as SMIT has it: the mean stage-3 token stands for the whole image. */
export function meanTokenLogits(
  p: ParameterTensors,
  image: tf.Tensor,
  config: NetworkConfig,
  options: EncodeOptions = {},
): HeadLogits {
  const encoded = encode(p, image, config, options)
  return projectTokens(p, encoded, meanOverTokens(encoded.feat[2]))
}

/** The student's pass: prototype logits and the reconstruction [B, D, H, W, 1]. */
export function pretrainOutputs(
  p: ParameterTensors,
  image: tf.Tensor,
  config: NetworkConfig,
  options: EncodeOptions = {},
): PrototypeLogits & { reconstruction: tf.Tensor } {
  const logits = prototypeLogits(p, image, config, options)
  return { ...logits, reconstruction: reconstruct(p, image, logits.encoded, config) }
}
