// Semantic attention (SPEC section 3): two ViT blocks over [CLS; stage-3 tokens] and the CLS row of the last attention.
// B batch, N tokens, T = N + 1, C width, h heads, e = C / h.
import * as tf from '@tensorflow/tfjs-core'
import type { NetworkConfig } from './config.ts'
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
  /** The last block's attention after softmax. [B, h, T, T] */
  readonly attention: tf.Tensor
}

/** Full self-attention with its projection. x [B, T, C] → the mixed tokens and the attention [B, h, T, T]. */
function attend(
  p: ParameterTensors,
  x: tf.Tensor,
  heads: number,
): { mixed: tf.Tensor; attention: tf.Tensor } {
  const [B, T, C] = x.shape
  const perHead = (part: tf.Tensor) => tf.transpose(tf.reshape(part, [B, T, heads, C / heads]), [0, 2, 1, 3])
  const [query, key, value] = tf.split(linear(p, 'attn.qkv', x), 3, 2).map(perHead) // [B, h, T, e]
  const scores = tf.matMul(tf.mul(query, (C / heads) ** -0.5), key, false, true)
  const attention = tf.softmax(scores)
  const mixed = tf.reshape(tf.transpose(tf.matMul(attention, value), [0, 2, 1, 3]), [B, T, C])
  return { mixed: linear(p, 'attn.proj', mixed), attention }
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
  let attention: tf.Tensor = x
  for (let index = 0; index < depth; index++) {
    const block = under(p, `blocks.${index}.`)
    const attended = attend(block, layerNorm(block, 'norm1', x), heads)
    attention = attended.attention
    x = tf.add(x, attended.mixed)
    x = tf.add(x, mlp(block, x))
  }
  x = layerNorm(p, 'norm', x)
  const fromCls = tf.slice(attention, [0, 0, 0, 1], [B, heads, 1, N]) // [B, h, 1, N]
  return {
    cls: tf.reshape(tf.slice(x, [0, 0, 0], [B, 1, C]), [B, C]),
    tokens: tf.slice(x, [0, 1, 0], [B, N, C]),
    satt: tf.mean(tf.reshape(fromCls, [B, heads, N]), 1),
    attention,
  }
}

/** Semantic attention over the stage-3 grid feat[2] [B, d, h, w, 4C]; parameters are named `sa.*`. */
export function semanticAttention(
  p: ParameterTensors,
  feat2: tf.Tensor,
  config: NetworkConfig,
): SemanticAttention {
  const [B, d, h, w, C] = feat2.shape
  return attendSemantically(
    under(p, 'sa.'),
    tf.reshape(feat2, [B, d * h * w, C]),
    config.heads[2],
    config.sa_depth,
  )
}
