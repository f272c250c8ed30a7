// A fine-tuning pass as one static graph, for whichever device: the loss of the task, gradients of what the method
// trains, AdamW at each stage's own rate.
import * as tf from '@tensorflow/tfjs-core'
import type { InputSpec } from '../../graph/trace.ts'
import { classifyLogits, segmentLogits } from '../../network/network.ts'
import { rareForegroundLoss } from '../losses.ts'
import { defaultAdamW, type AdamWOptions } from '../optimiser.ts'
import { supervisedStep, type LossFunction } from '../supervisedStep.ts'
import type { StepDefinition } from '../stepGraph.ts'
import type { FinetuneSettings } from './settings.ts'
import { mergeAdapterTensors, rateOf, type TrainedSplit } from './trained.ts'

/** Times that a lesion's voxel counts in the cross entropy where classes are balanced; that of the shipped recipe. */
const foregroundWeight = 4

/**
 * Cross entropy against target distributions [B,K] that carry the weight of each case, so that class weights and label
 * smoothing are made where the batch is made.
 */
export function weightedCrossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  const losses = tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), targets), -1)) // [B]
  return tf.mean(losses)
}

function lossOf({ task, entry, balanceClasses }: FinetuneSettings): LossFunction {
  if (task === 'segment')
    return (p, { images, labels }) =>
      rareForegroundLoss(
        segmentLogits(mergeAdapterTensors(p), images, entry.config),
        labels,
        balanceClasses ? foregroundWeight : 1,
      )
  return (p, { images, targets }) =>
    weightedCrossEntropy(classifyLogits(mergeAdapterTensors(p), images, entry.config), targets)
}

/** What a batch of B crops consists of: images [B,D,H,W,1]; labels [B,D,H,W], or targets [B,K]. */
export function batchShapes({ task, entry, batch }: FinetuneSettings): Record<string, InputSpec> {
  const images = { shape: [batch, ...entry.shape, 1], dtype: 'float32' as const }
  return task === 'segment'
    ? { images, labels: { shape: [batch, ...entry.shape], dtype: 'int32' } }
    : { images, targets: { shape: [batch, entry.config.n_classes], dtype: 'float32' } }
}

export function adamWOf({ weightDecay }: FinetuneSettings): AdamWOptions {
  return { ...defaultAdamW, weightDecay }
}

export function finetuneDefinition(
  settings: FinetuneSettings,
  { trainedShapes, frozenShapes }: Pick<TrainedSplit, 'trainedShapes' | 'frozenShapes'>,
): StepDefinition {
  return supervisedStep({
    loss: lossOf(settings),
    shapes: trainedShapes,
    frozen: frozenShapes,
    batch: batchShapes(settings),
    adamW: adamWOf(settings),
    rateOf: rateOf(settings.layerDecay),
    passes: settings.accumulate,
  })
}
