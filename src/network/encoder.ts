// The encoder (SPEC section 2): patch embedding, masking, four Swin stages with patch merging.
import * as tf from '@tensorflow/tfjs-core'
import { maskTokens } from '../kernels/maskTokens.ts'
import { patchDropout } from '../kernels/patchDropout.ts'
import { canEmbedBlocks, embedBlocks } from '../kernels/patchEmbed.ts'
import type { NetworkConfig } from './config.ts'
import { applyLinear, layerNorm, padToMultiple, spaceToDepth } from './layers.ts'
import { parameter, under, type ParameterTensors } from './parameters.ts'
import { patchMerge, swinBlock, swinProbabilities, type SwinAttributes } from './swin.ts'

export interface EncodeOptions {
  /** 1 = the patch token is replaced by the mask token (student). [B, d, h, w] on the patch grid. */
  readonly mask?: tf.Tensor
  /** 0 = the patch token is zeroed (teacher's patch dropout). [B, d, h, w] on the patch grid. */
  readonly keep?: tf.Tensor
  /** Stochastic depth: row 2k for the attention branch of block k, 2k+1 for its MLP. [2·blocks, B]. */
  readonly dropPath?: tf.Tensor
}

/** Everything the encoder computes; all grids are channels last. */
export interface Encoded {
  /** Patch tokens after masking. [B, D/2, H/2, W/2, C] */
  readonly patch: tf.Tensor
  /** Stage outputs, stage i of width C·2^i. */
  readonly raw: readonly tf.Tensor[]
  /** What each block of each stage reads: the stage's input, then the outputs of the blocks before it. */
  readonly blockInputs: readonly (readonly tf.Tensor[])[]
  /** `raw` after norm{i}; empty with MONAI's wiring, which has none. */
  readonly feat: readonly tf.Tensor[]
  /** Stage outputs after patch merging; the last one is `bottleneck`. */
  readonly merged: readonly tf.Tensor[]
  /** [B, ⌈D/32⌉, ⌈H/32⌉, ⌈W/32⌉, 16C] */
  readonly bottleneck: tf.Tensor
}

/** Blocks of the padded image, times the weight as a matrix. weight [C, Cin, patch, patch, patch] */
function embedComposed(image: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, patch: number): tf.Tensor {
  const rows = tf.reshape(tf.transpose(weight, [0, 2, 3, 4, 1]), [weight.shape[0], -1]) // [C, (a, b, c, Cin)]
  return applyLinear(spaceToDepth(padToMultiple(image, patch), patch), rows, bias)
}

/**
 * Patch embedding: convolution 2³ of stride 2 as blocks times matrix, then LayerNorm where the network has one.
 * `p` holds patch_embed's names: proj.*, norm.*. image [B, D, H, W, Cin] → [B, ⌈D/2⌉, ⌈H/2⌉, ⌈W/2⌉, C].
 */
export function embedPatches(p: ParameterTensors, image: tf.Tensor, patch: number): tf.Tensor {
  const weight = parameter(p, 'proj.weight') // [C, Cin, 2, 2, 2]
  const bias = parameter(p, 'proj.bias')
  const tokens = canEmbedBlocks(patch)
    ? embedBlocks(image, weight, bias)
    : embedComposed(image, weight, bias, patch)
  return p['norm.weight'] ? layerNorm(p, 'norm', tokens) : tokens
}

/** Masking and patch dropout, after patch_embed.norm. `token` is mask_token in any shape of C elements. */
export function applyMasks(x: tf.Tensor, token: tf.Tensor | undefined, options: EncodeOptions): tf.Tensor {
  let tokens = x
  if (options.mask && token)
    tokens = maskTokens(
      tokens as tf.Tensor5D,
      tf.reshape(token, [-1]) as tf.Tensor1D,
      options.mask as tf.Tensor4D,
    )
  return options.keep ? patchDropout(tokens, options.keep) : tokens
}

/** Multipliers [B] of the two branches of block k. */
function branchScales(dropPath: tf.Tensor | undefined, block: number): [tf.Tensor, tf.Tensor] | undefined {
  if (!dropPath) return undefined
  const row = (index: number) => tf.slice(dropPath, [index, 0], [1, -1])
  return [row(2 * block), row(2 * block + 1)]
}

/** What block `index` of a stage is: every second one is shifted. */
export function blockAttributes(config: NetworkConfig, stage: number, index: number): SwinAttributes {
  return {
    heads: config.heads[stage],
    window: config.window,
    shifted: index % 2 === 1,
    mode: config.window_mode,
    reverse: config.window_reverse,
  }
}

/**
 * Post-softmax window attention of one block [B·nW, heads, T, T], computed from what that block read in `encode`.
 * @throws RangeError when the network has no such block.
 */
export function blockProbabilities(
  p: ParameterTensors,
  { blockInputs }: Pick<Encoded, 'blockInputs'>,
  config: NetworkConfig,
  stage: number,
  index: number,
): tf.Tensor {
  const x = blockInputs[stage]?.[index]
  if (!x)
    throw new RangeError(
      `blockProbabilities: expected a block of depths ${config.depths.join(', ')}, got block ${index} of stage ${stage}.`,
    )
  const block = under(p, `encoder.layers.${stage}.blocks.${index}.`)
  return swinProbabilities(block, x, blockAttributes(config, stage, index))
}

/** Runs the encoder on an image [B, D, H, W, Cin] of any size; parameters are named `encoder.*`. */
export function encode(
  p: ParameterTensors,
  image: tf.Tensor,
  config: NetworkConfig,
  options: EncodeOptions = {},
): Encoded {
  const own = under(p, 'encoder.')
  const embedded = embedPatches(under(own, 'patch_embed.'), image, config.patch)
  const patch = applyMasks(embedded, own.mask_token, options)
  const raw: tf.Tensor[] = []
  const merged: tf.Tensor[] = []
  const blockInputs: tf.Tensor[][] = []
  let x = patch
  let block = 0
  for (let stage = 0; stage < 4; stage++) {
    const layer = under(own, `layers.${stage}.`)
    blockInputs.push([])
    for (let index = 0; index < config.depths[stage]; index++) {
      const attributes = blockAttributes(config, stage, index)
      blockInputs[stage].push(x)
      x = swinBlock(under(layer, `blocks.${index}.`), x, attributes, branchScales(options.dropPath, block))
      block += 1
    }
    raw.push(x) // [B, ., ., ., C·2^stage]
    x = patchMerge(under(layer, 'downsample.'), x, config.merge_order)
    merged.push(x)
  }
  const feat = config.wiring === 'monai' ? [] : raw.map((grid, stage) => layerNorm(own, `norm${stage}`, grid))
  return { patch, raw, blockInputs, feat, merged, bottleneck: x }
}

/** Mean over the tokens of a grid [B, d, h, w, C] → [B, C]. */
export function meanOverTokens(grid: tf.Tensor): tf.Tensor {
  return tf.mean(tf.reshape(grid, [grid.shape[0], -1, grid.shape[4]!]), 1)
}

/** Grid sides of stage i's tokens (before merging) for an input of the given sides. */
export function stageGrid(inputShape: readonly number[], stage: number): number[] {
  return inputShape.map(size => {
    let side = Math.ceil(size / 2)
    for (let i = 0; i < stage; i++) side = Math.ceil(side / 2)
    return side
  })
}
