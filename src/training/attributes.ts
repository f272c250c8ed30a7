// What the phantom knows of a nodule beside its class: size, texture, margin, calcification, and how much they say. A
// second linear head learns them from the classifier's own features, because with the drawn label alone the loss of the demo
// network stayed at that of a constant for a thousand updates (docs/evidence). The head is not published.
import * as tf from '@tensorflow/tfjs-core'
import type { NetworkConfig } from '../network/config.ts'
import { encode } from '../network/encoder.ts'
import { classificationFeatures, classificationHead } from '../network/heads.ts'
import { linear } from '../network/layers.ts'
import { under, type ParameterShapes, type ParameterTensors } from '../network/parameters.ts'
import { semanticAttention } from '../network/semanticAttention.ts'
import type { PhantomNodule } from '../phantom/anatomy.ts'
import { softmaxCrossEntropy } from './losses.ts'

export const attributePrefix = 'attributes.'

const flag = (is: boolean) => (is ? 1 : -1)

/** The attributes as numbers of about unit spread. */
export function attributesOf(nodule: PhantomNodule): number[] {
  const { radiusMm, texture, margin, calcification, interior, likelihoodRatio } = nodule
  return [
    2 * Math.log(radiusMm / 3.5), // 7 mm is the median diameter
    flag(texture === 'part-solid'),
    flag(texture === 'ground-glass'),
    flag(margin === 'lobulated'),
    flag(margin === 'spiculated'),
    flag(calcification !== 'none'),
    flag(interior !== 'none'),
    Math.max(-3, Math.min(3, Math.log(likelihoodRatio))) / 1.5,
  ]
}

export const attributeCount = 8

/** Parameters of the attribute head over features of width 12C. */
export function attributeShapes({ embed }: NetworkConfig): ParameterShapes {
  return {
    [`${attributePrefix}weight`]: [attributeCount, 12 * embed],
    [`${attributePrefix}bias`]: [attributeCount],
  }
}

/**
 * Cross entropy of the class plus mean squared error of the attributes.
 * images [B,D,H,W,1], labels [B], attributes [B, attributeCount].
 */
export function classAndAttributesLoss(
  p: ParameterTensors,
  { images, labels, attributes }: Readonly<Record<string, tf.Tensor>>,
  config: NetworkConfig,
): tf.Scalar {
  const encoded = encode(p, images, config)
  const { cls } = semanticAttention(p, encoded.feat[2], config)
  const logits = classificationHead(under(p, 'cls_head.'), encoded.feat[3], cls)
  const guessed = linear(under(p, attributePrefix), '', classificationFeatures(encoded.feat[3], cls))
  const error = tf.mean(tf.square(tf.sub(guessed, attributes)))
  return tf.add(softmaxCrossEntropy(logits, labels), error)
}
