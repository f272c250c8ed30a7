// The gather of patch merging with its LayerNorm (SPEC 2.3):  y[block] = LayerNorm(8C)(the eight children of the block, in the
// order given), zeros beyond the grid's end.  x [B,d,h,w,C], weight and bias [8C] → [B,⌈d/2⌉,⌈h/2⌉,⌈w/2⌉,8C].
// Fused: padding, gather, normalisation; the gathered grid, as large as the result, is neither written nor read.
// Source: Liu et al. 2021 (Swin), in three dimensions; orders: the numerical specification.
import type * as tf from '@tensorflow/tfjs-core'
import { runGpuKernel, type GpuKernel, type KernelAttributes, type Shape } from './gpuKernel.ts'
import {
  normaliseGradientScratch,
  normaliseGradientSteps,
  normaliseSteps,
  type NormRows,
} from './normRows.ts'
import { requireShape } from './stepParts.ts'

/** Output shape. @throws Error in a sentence when x is no grid or the order names no eight children. */
function mergedShape(x: Shape, order: readonly number[]): number[] {
  if (x.length !== 5)
    throw new Error(`mergeNorm: expected x of shape [B, d, h, w, C], got [${x.join(', ')}].`)
  const isChild = (child: number) => Number.isInteger(child) && child >= 0 && child < 8
  if (order?.length !== 8 || !order.every(isChild))
    throw new Error(
      `mergeNorm: expected an order of eight children 0…7, numbered 4·od + 2·oh + ow, got [${String(order)}].`,
    )
  return [x[0], ...x.slice(1, 4).map(side => Math.ceil(side / 2)), 8 * x[4]]
}

const orderOf = (attributes: KernelAttributes) => attributes.order as readonly number[]

function rowsOf(x: Shape, attributes: KernelAttributes): NormRows {
  const order = orderOf(attributes)
  const [samples, d, h, w, channels] = mergedShape(x, order)
  return { samples, rows: d * h * w, channels, isAffine: true, merge: { grid: x.slice(1, 4), order } }
}

/** Attribute `order`: the child 4·od + 2·oh + ow in each slot; a child may come twice, or not at all. */
export const mergeNormKernel: GpuKernel = {
  name: 'MergeNorm',
  inputs: ['x', 'weight', 'bias'],
  shapes([x, weight, bias], attributes) {
    const shape = mergedShape(x!, orderOf(attributes))
    requireShape('mergeNorm', 'a weight', weight, [shape[4]])
    requireShape('mergeNorm', 'a bias', bias, [shape[4]])
    return [shape]
  },
  steps: (bindings, attributes, device) =>
    normaliseSteps(rowsOf(bindings.inputs[0]!.shape, attributes), bindings, device),
}

/** dx, dWeight, dBias. */
export const mergeNormGradientKernel: GpuKernel = {
  name: 'MergeNormGradient',
  inputs: ['x', 'dOutput', 'weight'],
  shapes([x, dOutput, weight], attributes) {
    requireShape('mergeNormGradient', 'dOutput', dOutput, mergedShape(x!, orderOf(attributes)))
    return [[...x!], [...weight!], [...weight!]]
  },
  scratch: ([x], attributes) => normaliseGradientScratch(rowsOf(x!, attributes)),
  steps: (bindings, attributes, device) =>
    normaliseGradientSteps(rowsOf(bindings.inputs[0]!.shape, attributes), bindings, device),
}

export const mergeNormGradient: tf.GradConfig = {
  kernelName: mergeNormKernel.name,
  inputsToSave: ['x', 'weight'],
  gradFunc: (dy, [x, weight], attributes) => {
    const inputs = [x, dy as tf.Tensor, weight]
    const [dx, dWeight, dBias] = runGpuKernel(
      mergeNormGradientKernel,
      inputs,
      attributes as unknown as KernelAttributes,
    )
    return { x: () => dx, weight: () => dWeight, bias: () => dBias }
  },
}

/** The kernel, where `isKernelKnown(mergeNormKernel)`. `order`: the child 4·od + 2·oh + ow in each slot. */
export function mergeNorm(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor,
  order: readonly number[],
): tf.Tensor {
  return runGpuKernel(mergeNormKernel, [x, weight, bias], { order })[0]
}
