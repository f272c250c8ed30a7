import { describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs-core'
import { testRuntime } from '../graph/testSupport.ts'
import type { NetworkConfig } from '../network/config.ts'
import { hashInitialise } from '../network/initialise.ts'
import { classifyLogits, segmentLogits } from '../network/network.ts'
import { parameterShapes } from '../network/parameters.ts'
import { readSafetensors } from '../network/safetensors.ts'
import { diceCrossEntropy, softmaxCrossEntropy } from './losses.ts'
import {
  startSupervised,
  supervisedNumbers,
  supervisedStep,
  type LossFunction,
  type SupervisedOptions,
} from './supervisedStep.ts'
import { createTrainStep } from './trainStep.ts'

// Expected losses, tolerances and the hash seed come from the golden fixtures of the independent PyTorch implementation.
const folder = new URL('../../fixtures/golden/train/', import.meta.url)
const runtime = await testRuntime()

function loadFixture(name: string) {
  const description = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))
  const { tensors } = readSafetensors(new Uint8Array(readFileSync(new URL(`${name}.safetensors`, folder))))
  return { description, tensors }
}

async function runFixture(name: string, loss: (config: NetworkConfig) => LossFunction) {
  const { description, tensors } = loadFixture(name)
  const { model, param_hash_seed: seed, lr, weight_decay: weightDecay } = description.config
  const isSegmentation = description.config.task === 'seg'
  const parts = {
    decoder: isSegmentation,
    sa: !isSegmentation,
    clsHead: !isSegmentation,
    recHead: false,
    projectionHeads: false,
  }
  const shapes = parameterShapes(model, parts)
  const [B, , D, H, W] = tensors['in.images'].shape
  const labels = tensors['in.labels']
  const options: SupervisedOptions = {
    loss: loss(model),
    shapes,
    batch: {
      images: { shape: [B, D, H, W, 1], dtype: 'float32' },
      labels: { shape: [...labels.shape], dtype: 'int32' },
    },
    adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay },
  }
  const start = startSupervised(hashInitialise(shapes, seed))
  const step = await createTrainStep(supervisedStep(options), start, runtime!)
  const batch = { images: Float32Array.from(tensors['in.images'].data), labels: Int32Array.from(labels.data) }
  const losses: number[] = []
  for (const [index, rate] of lr.entries()) {
    const { loss } = await step.run(batch, supervisedNumbers(index, rate, { ...options, averaging: 0.9 }))
    losses.push(loss)
  }
  await step.release()
  const { atol } = description.tensors['out.losses']
  return { losses, wanted: Array.from(tensors['out.losses'].data as Float64Array), atol: atol as number[] }
}

describe.skipIf(!runtime)('the compiled training step', () => {
  it.each([
    [
      'train_seg_tiny_32',
      (config: NetworkConfig): LossFunction =>
        (p, x) =>
          diceCrossEntropy(segmentLogits(p, x.images, config), x.labels).total,
    ],
    [
      'train_cls_tiny_32',
      (config: NetworkConfig): LossFunction =>
        (p, x) =>
          softmaxCrossEntropy(classifyLogits(p, x.images, config), x.labels),
    ],
  ])('follows the golden losses of %s over ten updates', async (name, loss) => {
    tf.engine()
    const { losses, wanted, atol } = await runFixture(name, loss)
    expect(losses).toHaveLength(wanted.length)
    losses.forEach((value, i) =>
      expect(Math.abs(value - wanted[i]), `step ${i}`).toBeLessThanOrEqual(atol[i]),
    )
  })
})
