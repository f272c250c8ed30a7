// Semantic attention (SPEC section 3): two ViT blocks over [CLS; stage-3 tokens] and the CLS row of the last attention.
// B batch, N tokens, T = N + 1, C width, h heads, e = C / h.
import * as tf from '@tensorflow/tfjs-core'
import { denseAttention, type DenseAttention } from '../kernels/denseAttention.ts'
import { semanticStage, type NetworkConfig } from './config.ts'
import { layerNorm, linear } from './layers.ts'
import { parameter, under, type ParameterTensors } from './parameters.ts'
import { mlp } from './swin.ts'

export interface SemanticAttention {
  /** [B, C] after sa.norm */
  readonly cls: tf.Tensor
  /** [B, N, C] after sa.norm */
  readonly tokens: tf.Tensor
  /** Mean over heads of the last block's attention from CLS to each token. [B, N]; sums to less than 1. */
  readonly satt: tf.Tensor
  /** How CLS attends to all tokens in the last block, after softmax. [B, h, T] */
  readonly fromCls: tf.Tensor
}

/** The blocks on a token list [B, N, C]; `p` holds sa's own names: cls_token, blocks.*, norm.*. */
export function attendSemantically(
  p: ParameterTensors,
  tokens: tf.Tensor,
  heads: number,
  depth: number,
): SemanticAttention {
  const [B, N, C] = tokens.shape
  const cls = tf.mul(parameter(p, 'cls_token'), tf.ones([B, 1, 1])) // [B, 1, C]
  let x: tf.Tensor = tf.concat([cls, tokens], 1)
  let last: DenseAttention | undefined
  for (let index = 0; index < depth; index++) {
    const block = under(p, `blocks.${index}.`)
    const qkv = linear(block, 'attn.qkv', layerNorm(block, 'norm1', x))
    last = denseAttention(qkv, { heads, cls: index === depth - 1 })
    x = tf.add(x, linear(block, 'attn.proj', last.mixed))
    x = tf.add(x, mlp(block, x))
  }
  x = layerNorm(p, 'norm', x)
  return {
    cls: tf.reshape(tf.slice(x, [0, 0, 0], [B, 1, C]), [B, C]),
    tokens: tf.slice(x, [0, 1, 0], [B, N, C]),
    satt: last!.satt!,
    fromCls: last!.fromCls!,
  }
}

/** Semantic attention over the grid of its stage, stage 3's feat[2] [B, d, h, w, 4C]; parameters are named `sa.*`. */
export function semanticAttention(
  p: ParameterTensors,
  grid: tf.Tensor,
  config: NetworkConfig,
): SemanticAttention {
  const [B, d, h, w, C] = grid.shape
  return attendSemantically(
    under(p, 'sa.'),
    tf.reshape(grid, [B, d * h * w, C]),
    config.heads[semanticStage(config)],
    config.sa_depth,
  )
}
