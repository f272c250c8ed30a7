// For tests: the smallest classifier that is a real one (patch embedding, a shifted Swin block, norm, mean, linear), its
// training step, and batches that are a function of the step. A software adapter compiles its programs in seconds.
import { sample } from '../graph/testSupport.ts'
import { embedPatches, meanOverTokens } from '../network/encoder.ts'
import { hashInitialise } from '../network/initialise.ts'
import { layerNorm, linear } from '../network/layers.ts'
import { under, type ParameterShapes, type ParameterTensors } from '../network/parameters.ts'
import { swinBlock } from '../network/swin.ts'
import { softmaxCrossEntropy } from './losses.ts'
import { startSupervised, supervisedNumbers, supervisedStep } from './supervisedStep.ts'
import type { Batch } from './trainStep.ts'
import type * as tf from '@tensorflow/tfjs-core'

const width = 8
const images = [2, 8, 8, 8, 1]
const block = { heads: 2, window: 4, shifted: true, mode: 'fixed', reverse: 'exact' } as const

const shapes: ParameterShapes = {
  'patch.proj.weight': [width, 1, 2, 2, 2],
  'patch.proj.bias': [width],
  'patch.norm.weight': [width],
  'patch.norm.bias': [width],
  'block.norm1.weight': [width],
  'block.norm1.bias': [width],
  'block.attn.qkv.weight': [3 * width, width],
  'block.attn.relative_position_bias_table': [343, block.heads],
  'block.attn.proj.weight': [width, width],
  'block.attn.proj.bias': [width],
  'block.norm2.weight': [width],
  'block.norm2.bias': [width],
  'block.mlp.fc1.weight': [4 * width, width],
  'block.mlp.fc1.bias': [4 * width],
  'block.mlp.fc2.weight': [width, 4 * width],
  'block.mlp.fc2.bias': [width],
  'norm.weight': [width],
  'norm.bias': [width],
  'head.weight': [2, width],
  'head.bias': [2],
  // Not part of the loss: must stay as they are, moments included.
  'unused.weight': [3, 5],
}

function logits(p: ParameterTensors, image: tf.Tensor): tf.Tensor {
  const tokens = swinBlock(under(p, 'block.'), embedPatches(under(p, 'patch.'), image, 2), block)
  return linear(p, 'head', meanOverTokens(layerNorm(p, 'norm', tokens)))
}

export const smallStep = supervisedStep({
  loss: (p, batch) => softmaxCrossEntropy(logits(p, batch.images), batch.labels),
  shapes,
  batch: { images: { shape: images, dtype: 'float32' }, labels: { shape: [2], dtype: 'int32' } },
})

export const smallStart = () => startSupervised(hashInitialise(shapes, 5))

export const smallBatch = (step: number): Batch => ({
  images: sample(images, step + 1),
  labels: Int32Array.of(step % 2, 1),
})

export const smallNumbers = (step: number) => supervisedNumbers(step, 1e-2, { averaging: 0.9 })
