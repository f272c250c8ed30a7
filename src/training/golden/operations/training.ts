// Fixtures of training runs: ten AdamW steps of classification or segmentation through the product's own training step.
import * as tf from '@tensorflow/tfjs-core'
import { classifyLogits, segmentLogits } from '../../../network/network.ts'
import { parameterShapes, type NetworkParts, type ParameterTensors } from '../../../network/parameters.ts'
import { diceCrossEntropy, monaiDice, softmaxCrossEntropy } from '../../losses.ts'
import {
  startSupervised,
  supervisedNumbers,
  supervisedStep,
  type SupervisedOptions,
} from '../../supervisedStep.ts'
import { createTrainStep } from '../../trainStep.ts'
import { checksum, compareChecksum, compareTensor, type Check } from '../compare.ts'
import type { Fixture, HostTensors } from '../fixture.ts'
import { toChannelsFirst } from '../layout.ts'
import type { Path, Tensors, WholeOperation } from '../operation.ts'
import { hashedWeights, networkConfigOf } from './whole.ts'

interface LossRow {
  readonly value: number
  readonly atol: number
}

/** What a run trains: parts, logits and loss of an image [B, D, H, W, Cin]. */
interface Task {
  readonly parts: NetworkParts
  logits(p: ParameterTensors, images: tf.Tensor): tf.Tensor
  loss(logits: tf.Tensor, labels: tf.Tensor): tf.Scalar
}

function taskOf(fixture: Fixture): Task {
  const config = networkConfigOf(fixture)
  if (fixture.config.task === 'cls')
    return {
      parts: { sa: true, clsHead: true },
      logits: (p, images) => classifyLogits(p, images, config),
      loss: softmaxCrossEntropy,
    }
  const options = String(fixture.config.loss).includes('monai') ? monaiDice : {}
  return {
    parts: { decoder: true },
    logits: (p, images) => segmentLogits(p, images, config),
    loss: (logits, labels) => diceCrossEntropy(logits, labels, options).total,
  }
}

/** [B, C, D, H, W] → [B, D, H, W, C] of plain numbers. */
export function imagesChannelsLast({ shape, data }: HostTensors[string]): HostTensors[string] {
  const [B, C, D, H, W] = shape
  const voxels = D * H * W
  const moved = new Float32Array(data.length)
  for (let b = 0; b < B; b++)
    for (let c = 0; c < C; c++)
      for (let i = 0; i < voxels; i++) moved[(b * voxels + i) * C + c] = data[(b * C + c) * voxels + i]
  return { shape: [B, D, H, W, C], data: moved }
}

/** Gradient norms and logits before the first update. */
async function checkStart(
  fixture: Fixture,
  path: Path,
  task: Task,
  weights: HostTensors,
  batch: HostTensors,
): Promise<Check[]> {
  const names = Object.keys(weights)
  const got = await path.run(
    t => {
      const result: Tensors = {}
      const { grads } = tf.engine().gradients(
        () => {
          const logits = task.logits(t, t.images)
          result.logits = tf.keep(logits.rank === 5 ? toChannelsFirst(logits) : logits)
          return task.loss(logits, t.labels)
        },
        names.map(name => t[name]),
        undefined as unknown as tf.Tensor,
        true,
      )
      grads.forEach((gradient, at) => {
        if (gradient) result[`grad.${names[at]}`] = gradient
      })
      return result
    },
    { ...batch, ...weights },
  )
  const norms = (fixture.json.grad_norms_step0 ?? {}) as Record<string, number | null>
  // Some gradients are sums that cancel (a 1³ convolution of one channel before InstanceNorm), hence the floor.
  const floor = 1e-4 * Math.max(...Object.values(norms).map(norm => norm ?? 0))
  const checks = Object.entries(norms).map(([name, want]): Check => {
    const gradient = got[`grad.${name}`]
    if (want === null)
      return { tensor: `no gradient of ${name}`, error: gradient ? Infinity : 0, tolerance: 0 }
    const norm = gradient ? checksum('', gradient.data)[1] : NaN
    const error = Math.abs(norm - want)
    return {
      tensor: `gradient norm of ${name}`,
      error: Number.isFinite(error) ? error : Infinity,
      tolerance: 1e-3 * want + floor,
    }
  })
  const start = fixture.json.logits_step0_checksum as readonly number[] | undefined
  if (start)
    checks.push(compareChecksum('logits checksum', 'logits', got.logits.data, start, 1e-3 * start[1] + 1e-6))
  return checks
}

async function checkRun(fixture: Fixture, path: Path): Promise<Check[]> {
  const task = taskOf(fixture)
  const shapes = parameterShapes(networkConfigOf(fixture), task.parts)
  const weights = hashedWeights(shapes, Number(fixture.config.param_hash_seed))
  const images = imagesChannelsLast(fixture.tensors['in.images'])
  const labels = fixture.tensors['in.labels']
  const checks = await checkStart(fixture, path, task, weights, { images, labels })
  const [beta1, beta2] = fixture.config.betas as [number, number]
  const options: SupervisedOptions = {
    loss: (p, t) => task.loss(task.logits(p, t.images), t.labels),
    shapes,
    batch: {
      images: { shape: [...images.shape], dtype: 'float32' },
      labels: { shape: [...labels.shape], dtype: 'int32' },
    },
    adamW: {
      beta1,
      beta2,
      epsilon: Number(fixture.config.eps),
      weightDecay: Number(fixture.config.weight_decay),
    },
  }
  const values = Object.fromEntries(
    Object.entries(weights).map(([name, w]) => [name, w.data as Float32Array]),
  )
  if (!path.runtime)
    throw new Error('Training fixtures run on the onnx and plan paths, whose runtime this path lacks.')
  const step = await createTrainStep(supervisedStep(options), startSupervised(values), path.runtime)
  const batch = { images: images.data as Float32Array, labels: Int32Array.from(labels.data) }
  const wanted = fixture.json.losses as LossRow[]
  for (const [index, rate] of (fixture.config.lr as number[]).entries()) {
    const got = await step.run(batch, supervisedNumbers(index, rate, { ...options, averaging: 0.9 }))
    const { value, atol } = wanted[index]
    checks.push({ tensor: `loss of step ${index}`, error: Math.abs(got.loss - value), tolerance: atol })
  }
  const { groups } = await step.read()
  await step.release()
  if (!fixture.tensors['out.final_logits']) return checks
  const trained: HostTensors = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, data: groups.parameters[name] }]),
  )
  const final = await path.run(t => ({ logits: task.logits(t, t.images) }), { images }, trained)
  return [...checks, compareTensor(fixture, 'out.final_logits', final.logits)]
}

const trainingRun: WholeOperation = { kind: 'whole', check: checkRun }

export const trainingOperations: Record<string, WholeOperation> = {
  train_cls: trainingRun,
  train_seg: trainingRun,
}
