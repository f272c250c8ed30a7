// One Swin block (SPEC 2.1, 2.2) and patch merging (SPEC 2.3). Grids are [B, d, h, w, C].
import * as tf from '@tensorflow/tfjs-core'
import { isKernelKnown } from '../kernels/gpuKernel.ts'
import { mergeNorm, mergeNormKernel } from '../kernels/patchMerge.ts'
import { windowAttention, windowProbabilities } from '../kernels/windowAttention.ts'
import type { MergeOrder, NetworkConfig } from './config.ts'
import { applyLinear, layerNorm, linear, padToMultiple, spaceToDepth } from './layers.ts'
import { parameter, type ParameterTensors } from './parameters.ts'

/** What a block needs to know beside its parameters and the grid. */
export interface SwinAttributes {
  readonly heads: number
  readonly window: number
  readonly shifted: boolean
  readonly mode: NetworkConfig['window_mode']
  readonly reverse: NetworkConfig['window_reverse']
}

/** What window attention of a block takes: q, k, v of the normed grid and their bias, the bias table, the layout's terms. */
function attentionInputs(p: ParameterTensors, x: tf.Tensor, attributes: SwinAttributes) {
  const { heads, window, shifted, mode, reverse } = attributes
  const qkv = linear(p, 'attn.qkv', layerNorm(p, 'norm1', x)) as tf.Tensor5D // [B, d, h, w, 3C]
  const bias = p['attn.qkv.bias'] ?? tf.zeros([qkv.shape[4]])
  const table = parameter(p, 'attn.relative_position_bias_table') as tf.Tensor2D
  const shift = shifted ? window >> 1 : 0
  return [qkv, bias as tf.Tensor1D, table, { heads, window, shift, mode, reverse }] as const
}

/**
 * norm1 and shifted-window attention with its output projection, no residual. x [B, d, h, w, C] → same.
 * `p` holds the block's own names: norm1.*, attn.*.
 */
export function swinAttend(p: ParameterTensors, x: tf.Tensor, attributes: SwinAttributes): tf.Tensor {
  return linear(p, 'attn.proj', windowAttention(...attentionInputs(p, x, attributes)))
}

/** Where the queries of a block look that reads x [B, d, h, w, C]: post-softmax [B·nW, heads, T, T] over window slots. */
export function swinProbabilities(p: ParameterTensors, x: tf.Tensor, attributes: SwinAttributes): tf.Tensor {
  return windowProbabilities(...attentionInputs(p, x, attributes)).probabilities
}

/** The second half of a transformer block before its residual: fc2(gelu(fc1(norm2(x)))). */
export function mlp(p: ParameterTensors, x: tf.Tensor): tf.Tensor {
  return linear(p, 'mlp.fc2', linear(p, 'mlp.fc1', layerNorm(p, 'norm2', x), 'gelu'))
}

/** Residual sum; `scale` [B] is stochastic depth's multiplier for each sample, 0 or 1/(1-rate). */
function addBranch(x: tf.Tensor, branch: tf.Tensor, scale: tf.Tensor | undefined): tf.Tensor {
  if (!scale) return tf.add(x, branch)
  return tf.add(x, tf.mul(branch, tf.reshape(scale, [-1, ...new Array<number>(x.rank - 1).fill(1)])))
}

/** A whole Swin block. `dropPath` holds the multipliers [B] of its two branches. */
export function swinBlock(
  p: ParameterTensors,
  x: tf.Tensor,
  attributes: SwinAttributes,
  dropPath?: readonly [tf.Tensor, tf.Tensor],
): tf.Tensor {
  const attended = addBranch(x, swinAttend(p, x, attributes), dropPath?.[0])
  return addBranch(attended, mlp(p, attended), dropPath?.[1])
}

// Which child, numbered 4·od + 2·oh + ow, stands in each of the eight slots of the concatenation (SPEC 2.3).
const childInSlot: Record<MergeOrder, readonly number[]> = {
  smit: [0, 4, 2, 1, 6, 3, 5, 7],
  monai_v15: [0, 4, 2, 1, 6, 5, 3, 7],
  monai_v1: [0, 4, 2, 1, 5, 2, 1, 7],
  monai_v2: [0, 1, 2, 3, 4, 5, 6, 7],
}

/** Takes the eight equal parts of an axis in a new order; parts may repeat or be left out. */
function reorderEighths(x: tf.Tensor, axis: number, order: readonly number[]): tf.Tensor {
  if (order.every((part, slot) => part === slot)) return x
  const parts = tf.split(x, 8, axis)
  return tf.concat(
    order.map(part => parts[part]),
    axis,
  )
}

/**
 * Patch merging: eight children side by side, LayerNorm(8C), linear 8C → 2C. x [B, d, h, w, C] → [B, ⌈d/2⌉, …, 2C].
 * Composed, where the order is a permutation, the weights are permuted instead of the grid, since LayerNorm does not mind.
 */
export function patchMerge(p: ParameterTensors, x: tf.Tensor, order: MergeOrder): tf.Tensor {
  const slots = childInSlot[order]
  if (isKernelKnown(mergeNormKernel))
    return linear(p, 'reduction', mergeNorm(x, parameter(p, 'norm.weight'), parameter(p, 'norm.bias'), slots))
  const children = spaceToDepth(padToMultiple(x, 2), 2) // [B, d/2, h/2, w/2, 8C], children numbered as above
  if (new Set(slots).size < 8)
    return linear(p, 'reduction', layerNorm(p, 'norm', reorderEighths(children, 4, slots)))
  const slotOfChild = slots.map((_, child) => slots.indexOf(child))
  const norm = {
    'norm.weight': reorderEighths(parameter(p, 'norm.weight'), 0, slotOfChild),
    'norm.bias': reorderEighths(parameter(p, 'norm.bias'), 0, slotOfChild),
  }
  const reduction = reorderEighths(parameter(p, 'reduction.weight'), 1, slotOfChild)
  return applyLinear(layerNorm(norm, 'norm', children), reduction, undefined)
}
