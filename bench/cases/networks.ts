// Whole networks of the presets: one tile forward, forward and backward, and the whole training step with AdamW.
import * as tf from '@tensorflow/tfjs-core'
import { presets, type NetworkConfig } from '../../src/network/config.ts'
import { hashInitialise } from '../../src/network/initialise.ts'
import { classifyLogits, segmentLogits } from '../../src/network/network.ts'
import { parameterShapes, type NetworkParts, type ParameterTensors } from '../../src/network/parameters.ts'
import { diceCrossEntropy, softmaxCrossEntropy } from '../../src/training/losses.ts'
import { adamWUpdate, biasCorrections } from '../../src/training/optimiser.ts'
import type { BenchCase, BenchInput, Scale, Tensors, Values } from './case.ts'

export type PresetName = keyof typeof presets

interface Task {
  readonly title: string
  readonly parts: NetworkParts
  readonly labels: (side: number) => number[]
  logits(p: ParameterTensors, image: tf.Tensor, config: NetworkConfig): tf.Tensor
  loss(logits: tf.Tensor, labels: tf.Tensor): tf.Scalar
}

export const segmentation: Task = {
  title: 'segmentation',
  parts: { decoder: true },
  labels: side => [1, side, side, side],
  logits: segmentLogits,
  loss: (logits, labels) => diceCrossEntropy(logits, labels).total,
}

const classification: Task = {
  title: 'classification',
  parts: { sa: true, clsHead: true },
  labels: () => [1],
  logits: classifyLogits,
  loss: softmaxCrossEntropy,
}

const parametersOf = ({ parts }: Task, preset: PresetName) => parameterShapes(presets[preset], parts)

const prefixed = (prefix: string, record: Readonly<Record<string, readonly number[]>>) =>
  Object.fromEntries(
    Object.entries(record).map(([name, shape]): [string, BenchInput] => [
      `${prefix}${name}`,
      { shape, dtype: 'float32' },
    ]),
  )

/** Weights as the fixtures have them, and moments that a step may divide by. */
function valuesOf(task: Task, preset: PresetName, withMoments: boolean): Values {
  const weights = Object.entries(hashInitialise(parametersOf(task, preset), 1))
  return Object.fromEntries(
    weights.flatMap(([name, values]) => [
      [`p.${name}`, values],
      ...(withMoments
        ? [
            [`m.${name}`, new Float32Array(values.length)],
            [`v.${name}`, new Float32Array(values.length)],
          ]
        : []),
    ]),
  )
}

const own = (inputs: Tensors, prefix: string): ParameterTensors =>
  Object.fromEntries(
    Object.entries(inputs).flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
    ),
  )

/** The logits of one tile. */
export function forwardCase(task: Task, preset: PresetName, side: number): BenchCase {
  return {
    name: `${preset} ${task.title}, ${side}³, forward`,
    inputs: {
      image: { shape: [1, side, side, side, 1], dtype: 'float32' },
      ...prefixed('p.', parametersOf(task, preset)),
    },
    values: () => valuesOf(task, preset, false),
    compute: inputs => ({ logits: task.logits(own(inputs, 'p.'), inputs.image, presets[preset]) }),
  }
}

function differentiateLoss(task: Task, preset: PresetName, inputs: Tensors) {
  const parameters = own(inputs, 'p.')
  const names = Object.keys(parameters)
  const { value, grads } = tf.engine().gradients(
    () => task.loss(task.logits(parameters, inputs.image, presets[preset]), inputs.labels),
    names.map(name => parameters[name]),
    // One, the gradient of a scalar by itself.
    undefined as unknown as tf.Tensor,
    true,
  )
  // Parameters that the loss does not reach have no gradient and are left alone.
  const reached = names.flatMap((name, i) => (grads[i] ? [{ name, gradient: grads[i] }] : []))
  return { loss: value, parameters, reached }
}

function backwardCase(task: Task, preset: PresetName, side: number): BenchCase {
  const forward = forwardCase(task, preset, side)
  return {
    ...forward,
    name: `${preset} ${task.title}, ${side}³, forward and gradients`,
    inputs: { ...forward.inputs, labels: { shape: task.labels(side), dtype: 'int32' } },
    compute: inputs => {
      const { loss, reached } = differentiateLoss(task, preset, inputs)
      return { loss, ...Object.fromEntries(reached.map(({ name, gradient }) => [`d.${name}`, gradient])) }
    },
    compared: ['loss'],
  }
}

function stepCase(task: Task, preset: PresetName, side: number): BenchCase {
  const backward = backwardCase(task, preset, side)
  const shapes = parametersOf(task, preset)
  const corrections = biasCorrections(1)
  return {
    name: `${preset} ${task.title}, ${side}³, training step`,
    inputs: { ...backward.inputs, ...prefixed('m.', shapes), ...prefixed('v.', shapes) },
    values: () => valuesOf(task, preset, true),
    compute: inputs => {
      const { loss, parameters, reached } = differentiateLoss(task, preset, inputs)
      const outputs: Tensors = { loss }
      for (const { name, gradient } of reached) {
        const state = { parameter: parameters[name], m: inputs[`m.${name}`], v: inputs[`v.${name}`] }
        const next = adamWUpdate(state, gradient, tf.scalar(1e-4), [
          tf.scalar(corrections[0]),
          tf.scalar(corrections[1]),
        ])
        outputs[`p.${name}`] = next.parameter
        outputs[`m.${name}`] = next.m
        outputs[`v.${name}`] = next.v
      }
      return outputs
    },
    compared: ['loss'],
  }
}

export function networkCases({ level, isSoftware }: Scale): BenchCase[] {
  const all = (preset: PresetName, side: number) => [
    forwardCase(segmentation, preset, side),
    backwardCase(segmentation, preset, side),
    stepCase(segmentation, preset, side),
    forwardCase(classification, preset, side),
    stepCase(classification, preset, side),
  ]
  const onProcessor = { ...stepCase(segmentation, 'tiny', 64), isForProcessor: true }
  if (level === 'quick') return [forwardCase(segmentation, 'tiny', 32), stepCase(segmentation, 'tiny', 32)]
  if (isSoftware && level === 'normal') return [...all('tiny', 32), onProcessor, ...all('demo', 32)]
  if (isSoftware)
    return [...all('tiny', 32), onProcessor, ...all('demo', 64), ...all('small', 32), ...all('base', 32)]
  return [...all('tiny', 96), onProcessor, ...all('demo', 96), ...all('small', 96), ...all('base', 96)]
}
