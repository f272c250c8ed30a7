// Layer normalisation over the last axis (SPEC 1):  y = (x − mean) / √(variance + 1e-5) · weight + bias, biased variance.
// x [..., C], weight and bias [C], or neither. Backward: dx, dWeight, dBias; statistics are recomputed from x.
// Source: Ba, Kiros, Hinton 2016.
import * as tf from '@tensorflow/tfjs-core'
import { isKernelKnown, runGpuKernel, type GpuKernel, type Shape } from './gpuKernel.ts'
import {
  layerNormEpsilon,
  normaliseGradientScratch,
  normaliseGradientSteps,
  normaliseSteps,
  type NormRows,
} from './normRows.ts'
import { elementCount, requireShape } from './stepParts.ts'

function rowsOf(x: Shape, isAffine: boolean): NormRows {
  if (x.length === 0) throw new Error('layerNorm: expected x of shape [..., C], got a scalar.')
  const channels = x[x.length - 1]
  return { samples: 1, rows: elementCount(x) / channels, channels, isAffine }
}

/** x [..., C], weight [C], bias [C] → y. */
export const layerNormKernel: GpuKernel = {
  name: 'LayerNorm',
  inputs: ['x', 'weight', 'bias'],
  shapes([x, weight, bias]) {
    const { channels } = rowsOf(x!, true)
    requireShape('layerNorm', 'a weight', weight, [channels])
    requireShape('layerNorm', 'a bias', bias, [channels])
    return [[...x!]]
  },
  steps: (bindings, _, device) => normaliseSteps(rowsOf(bindings.inputs[0]!.shape, true), bindings, device),
}

/** x [..., C] → y, without weight and bias. */
export const plainLayerNormKernel: GpuKernel = {
  name: 'PlainLayerNorm',
  inputs: ['x'],
  shapes: ([x]) => (rowsOf(x!, false), [[...x!]]),
  steps: (bindings, _, device) => normaliseSteps(rowsOf(bindings.inputs[0]!.shape, false), bindings, device),
}

/** dx, dWeight, dBias. */
export const layerNormGradientKernel: GpuKernel = {
  name: 'LayerNormGradient',
  inputs: ['x', 'dOutput', 'weight'],
  shapes([x, dOutput, weight]) {
    requireShape('layerNormGradient', 'dOutput', dOutput, x!)
    return [[...x!], [...weight!], [...weight!]]
  },
  scratch: ([x]) => normaliseGradientScratch(rowsOf(x!, true)),
  steps: (bindings, _, device) =>
    normaliseGradientSteps(rowsOf(bindings.inputs[0]!.shape, true), bindings, device),
}

/** dx. */
export const plainLayerNormGradientKernel: GpuKernel = {
  name: 'PlainLayerNormGradient',
  inputs: ['x', 'dOutput'],
  shapes([x, dOutput]) {
    requireShape('plainLayerNormGradient', 'dOutput', dOutput, x!)
    return [[...x!]]
  },
  scratch: ([x]) => normaliseGradientScratch(rowsOf(x!, false)),
  steps: (bindings, _, device) =>
    normaliseGradientSteps(rowsOf(bindings.inputs[0]!.shape, false), bindings, device),
}

export const layerNormGradient: tf.GradConfig = {
  kernelName: layerNormKernel.name,
  inputsToSave: ['x', 'weight'],
  gradFunc: (dy, [x, weight]) => {
    const [dx, dWeight, dBias] = runGpuKernel(layerNormGradientKernel, [x, dy as tf.Tensor, weight])
    return { x: () => dx, weight: () => dWeight, bias: () => dBias }
  },
}

export const plainLayerNormGradient: tf.GradConfig = {
  kernelName: plainLayerNormKernel.name,
  inputsToSave: ['x'],
  gradFunc: (dy, [x]) => ({ x: () => runGpuKernel(plainLayerNormGradientKernel, [x, dy as tf.Tensor])[0] }),
}

/** (x - mean) / sqrt(variance + 1e-5), biased variance in two passes over the given axes. */
export function standardise(x: tf.Tensor, axes: number[]): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true))
  const variance = tf.mean(tf.square(centred), axes, true)
  return tf.mul(centred, tf.rsqrt(tf.add(variance, layerNormEpsilon)))
}

/** The plain composition of tfjs ops, in rows: tfjs's WebGPU backend cannot broadcast a rank-1 operand over rank 5. */
export function layerNormReference(x: tf.Tensor, weight?: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  const rows = standardise(tf.reshape(x, [-1, x.shape[x.rank - 1]]), [1])
  return tf.reshape(weight && bias ? tf.add(tf.mul(rows, weight), bias) : rows, x.shape)
}

/** LayerNorm over the last axis, with weight and bias [C] or with neither. */
export function normaliseLayer(x: tf.Tensor, weight?: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  const isAffine = weight !== undefined && bias !== undefined
  const kernel = isAffine ? layerNormKernel : plainLayerNormKernel
  if (!isKernelKnown(kernel)) return layerNormReference(x, weight, bias)
  return runGpuKernel(kernel, isAffine ? [x, weight, bias] : [x])[0]
}
