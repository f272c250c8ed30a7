// What the phantom knows of a nodule beside its class, for the classifier to learn from. With the drawn class alone the
// loss of the demo network stayed at that of a constant for a thousand updates (docs/evidence): among vessels, pleura and
// ribs it must first find out which of the bright things in its crop is meant, and the class says little of that.
// So it also learns, from its own features, the nodule's attributes (one linear layer on what the class is read from) and
// its place (one linear layer each on the tokens of stages 2 and 3). These layers are not published.
import * as tf from '@tensorflow/tfjs-core'
import type { Triple } from '../base/shape.ts'
import type { InputSpec } from '../graph/trace.ts'
import type { NetworkConfig } from '../network/config.ts'
import { encode } from '../network/encoder.ts'
import { classificationFeatures, classificationHead } from '../network/heads.ts'
import { linear } from '../network/layers.ts'
import { under, type ParameterShapes, type ParameterTensors } from '../network/parameters.ts'
import { semanticAttention } from '../network/semanticAttention.ts'
import type { PhantomNodule } from '../phantom/anatomy.ts'
import { softmaxCrossEntropy } from './losses.ts'

/** Prefix of every parameter that serves training only. */
export const targetPrefix = 'targets.'

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

/** Voxels along a side of a token of stages 2 and 3 (a patch is 2). */
const strides = { place4: 4, place8: 8 } as const
type Place = keyof typeof strides
const places = Object.keys(strides) as Place[]

/** A token of stage 3 is wholly a nodule's from this share of its voxels on: few nodules fill 8 mm. */
const wholeShare = { place4: 1, place8: 0.5 } as const
/** How much attributes and place count beside the class, chosen by hand: the class alone says too little of what to look at. */
const attributesWeight = 4
const placeWeight = 5
/** How much a nodule's token counts beside another: tokens without one are 200 times as many. */
const noduleTokenWeight = 5

/** Share of a nodule in each token. mask [D,H,W] → [D/s, H/s, W/s], 0…1. */
export function placeOf(mask: Uint8Array, [D, H, W]: Triple, place: Place): Float32Array {
  const stride = strides[place]
  const [rows, columns] = [H / stride, W / stride]
  const share = new Float32Array((D / stride) * rows * columns)
  const one = 1 / (stride ** 3 * wholeShare[place])
  for (let d = 0, i = 0; d < D; d++)
    for (let h = 0; h < H; h++)
      for (let w = 0; w < W; w++, i++)
        if (mask[i])
          share[
            (Math.floor(d / stride) * rows + Math.floor(h / stride)) * columns + Math.floor(w / stride)
          ] += one
  return share.map(value => Math.min(1, value))
}

function placeCount([D, H, W]: Triple, place: Place): number {
  return (D * H * W) / strides[place] ** 3
}

export type ClassifierTargets = Record<'attributes' | Place, Float32Array>

/** Targets of a batch of B crops of a shape, all zero. attributes [B, attributeCount], place4 and place8 [B, tokens]. */
export function emptyTargets(shape: Triple, B: number): ClassifierTargets {
  const zeros = (place: Place) => new Float32Array(B * placeCount(shape, place))
  return {
    attributes: new Float32Array(B * attributeCount),
    place4: zeros('place4'),
    place8: zeros('place8'),
  }
}

/** Puts one crop's targets at position b of a batch. mask [D,H,W] */
export function setTargets(
  targets: ClassifierTargets,
  b: number,
  nodule: PhantomNodule,
  mask: Uint8Array,
  shape: Triple,
): void {
  targets.attributes.set(attributesOf(nodule), b * attributeCount)
  for (const place of places) targets[place].set(placeOf(mask, shape, place), b * placeCount(shape, place))
}

/** The targets as inputs of the training step. */
export function targetInputs(shape: Triple, B: number): Record<keyof ClassifierTargets, InputSpec> {
  const tokens = (place: Place) => ({
    shape: [B, placeCount(shape, place), 1],
    dtype: 'float32' as const,
  })
  return {
    attributes: { shape: [B, attributeCount], dtype: 'float32' },
    place4: tokens('place4'),
    place8: tokens('place8'),
  }
}

/** Parameters of the three layers; C is the embedding's width. */
export function targetShapes({ embed: C }: NetworkConfig): ParameterShapes {
  const layer = (name: string, to: number, from: number) => ({
    [`${targetPrefix}${name}.weight`]: [to, from],
    [`${targetPrefix}${name}.bias`]: [to],
  })
  return {
    ...layer('attributes', attributeCount, 12 * C),
    ...layer('place4', 1, 2 * C),
    ...layer('place8', 1, 4 * C),
  }
}

/** Binary cross entropy with soft targets, nodules' tokens counted more. logits and share [B, tokens, 1] */
function placeLoss(logits: tf.Tensor, share: tf.Tensor): tf.Tensor {
  const loss = tf.sub(tf.softplus(logits), tf.mul(logits, share))
  return tf.mean(tf.mul(loss, tf.add(1, tf.mul(share, noduleTokenWeight - 1))))
}

/**
 * Cross entropy of the class, plus the weighted mean squared error of the attributes and cross entropies of the place.
 * images [B,D,H,W,1], labels [B], attributes [B, attributeCount], place4 and place8 [B, tokens, 1].
 */
export function classAndTargetsLoss(
  p: ParameterTensors,
  { images, labels, attributes, place4, place8 }: Readonly<Record<string, tf.Tensor>>,
  config: NetworkConfig,
): tf.Scalar {
  const encoded = encode(p, images, config)
  const { cls, tokens } = semanticAttention(p, encoded.feat[2], config)
  const logits = classificationHead(under(p, 'cls_head.'), encoded.feat[3], cls)
  const own = under(p, targetPrefix)
  const guessed = linear(own, 'attributes', classificationFeatures(encoded.feat[3], cls))
  const fine = linear(own, 'place4', tf.reshape(encoded.feat[1], [place4.shape[0], -1, 2 * config.embed]))
  const place = tf.add(placeLoss(fine, place4), placeLoss(linear(own, 'place8', tokens), place8))
  const described = tf.mean(tf.square(tf.sub(guessed, attributes)))
  const aside = tf.add(tf.mul(attributesWeight, described), tf.mul(placeWeight, place))
  return tf.add(softmaxCrossEntropy(logits, labels), aside)
}
