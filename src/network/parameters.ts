// Names and shapes of the network's parameters (SPEC 9.1, PyTorch's layouts) and the two initialisers (SPEC 10).
import type * as tf from '@tensorflow/tfjs-core'
import { InputError } from '../base/errors.ts'
import { fullWidth, semanticStage, stageWidth, type NetworkConfig } from './config.ts'

/** Which parts beside the encoder a network has. */
export interface NetworkParts {
  readonly decoder?: boolean
  /** Semantic attention, `sa.*`. */
  readonly sa?: boolean
  readonly clsHead?: boolean
  readonly recHead?: boolean
  readonly projectionHeads?: boolean
}

export type ParameterShapes = Record<string, readonly number[]>
export type ParameterValues = Record<string, Float32Array>
/** Parameters as tensors, keyed by SPEC 9.1's names, in PyTorch's layouts. */
export type ParameterTensors = Record<string, tf.Tensor>

type Add = (name: string, shape: readonly number[]) => void

function addNorm(add: Add, name: string, width: number): void {
  add(`${name}.weight`, [width])
  add(`${name}.bias`, [width])
}

function addLinear(add: Add, name: string, from: number, to: number): void {
  add(`${name}.weight`, [to, from])
  add(`${name}.bias`, [to])
}

/** One transformer block: Swin with a relative position table, ViT (semantic attention) without. */
function addBlock(
  add: Add,
  name: string,
  width: number,
  mlpRatio: number,
  qkvBias: boolean,
  table: readonly number[] | undefined,
): void {
  addNorm(add, `${name}.norm1`, width)
  if (table) add(`${name}.attn.relative_position_bias_table`, table)
  add(`${name}.attn.qkv.weight`, [3 * width, width])
  if (qkvBias) add(`${name}.attn.qkv.bias`, [3 * width])
  addLinear(add, `${name}.attn.proj`, width, width)
  addNorm(add, `${name}.norm2`, width)
  addLinear(add, `${name}.mlp.fc1`, width, mlpRatio * width)
  addLinear(add, `${name}.mlp.fc2`, mlpRatio * width, width)
}

function addEncoder(add: Add, config: NetworkConfig): void {
  const { embed, in_chans, patch } = config
  add('encoder.mask_token', [1, 1, embed])
  add('encoder.patch_embed.proj.weight', [embed, in_chans, patch, patch, patch])
  add('encoder.patch_embed.proj.bias', [embed])
  if (config.patch_norm) addNorm(add, 'encoder.patch_embed.norm', embed)
  config.depths.forEach((depth, stage) => {
    const width = stageWidth(config, stage)
    const table = [(2 * config.window - 1) ** 3, config.heads[stage]]
    for (let block = 0; block < depth; block++) {
      const name = `encoder.layers.${stage}.blocks.${block}`
      addBlock(add, name, width, config.mlp_ratio, config.qkv_bias, table)
    }
    addNorm(add, `encoder.layers.${stage}.downsample.norm`, 8 * width)
    add(`encoder.layers.${stage}.downsample.reduction.weight`, [2 * width, 8 * width])
  })
  if (config.wiring !== 'monai')
    for (let stage = 0; stage < 4; stage++) addNorm(add, `encoder.norm${stage}`, stageWidth(config, stage))
}

function addSemanticAttention(add: Add, config: NetworkConfig): void {
  const width = stageWidth(config, semanticStage(config))
  add('sa.cls_token', [1, 1, width])
  for (let block = 0; block < config.sa_depth; block++)
    addBlock(add, `sa.blocks.${block}`, width, config.mlp_ratio, true, undefined)
  addNorm(add, 'sa.norm', width)
}

function addProjectionHead(add: Add, name: string, width: number, config: NetworkConfig): void {
  addLinear(add, `${name}.mlp.0`, width, config.head_hidden)
  addLinear(add, `${name}.mlp.2`, config.head_hidden, config.head_hidden)
  addLinear(add, `${name}.mlp.4`, config.head_hidden, config.head_bottleneck)
  add(`${name}.last_layer.weight_g`, [config.K, 1])
  add(`${name}.last_layer.weight_v`, [config.K, config.head_bottleneck])
}

function addResBlock(add: Add, name: string, from: number, to: number): void {
  add(`${name}.conv1.conv.weight`, [to, from, 3, 3, 3])
  add(`${name}.conv2.conv.weight`, [to, to, 3, 3, 3])
  if (from !== to) add(`${name}.conv3.conv.weight`, [to, from, 1, 1, 1])
}

function addDecoder(add: Add, config: NetworkConfig): void {
  const full = fullWidth(config)
  const width = (stage: number) => stageWidth(config, stage)
  addResBlock(add, 'decoder.encoder1.layer', config.in_chans, full)
  addResBlock(add, 'decoder.encoder2.layer', width(0), width(0))
  addResBlock(add, 'decoder.encoder3.layer', width(1), width(1))
  addResBlock(add, 'decoder.encoder4.layer', width(2), width(2))
  addResBlock(add, 'decoder.encoder10.layer', width(4), width(4))
  for (const level of [5, 4, 3, 2, 1]) {
    const to = level === 1 ? full : width(level - 2)
    add(`decoder.decoder${level}.transp_conv.conv.weight`, [width(level - 1), to, 2, 2, 2])
    addResBlock(add, `decoder.decoder${level}.conv_block`, 2 * to, to)
  }
  add('decoder.out.conv.conv.weight', [config.seg_classes, full, 1, 1, 1])
  add('decoder.out.conv.conv.bias', [config.seg_classes])
}

/** Voxels along one side of the block that one token of `rec_head` reconstructs: 32 or 16. */
export function recStride(config: NetworkConfig): number {
  return config.rec_source === 'bottleneck' ? 32 : 16
}

/**
 * Shapes of all parameters of a network with the given parts, by SPEC 9.1's names. The encoder is always there,
 * the fourth stage's `downsample` and `mask_token` included even where a task leaves them unused.
 */
export function parameterShapes(config: NetworkConfig, parts: NetworkParts): ParameterShapes {
  const shapes: Record<string, readonly number[]> = {}
  const add: Add = (name, shape) => {
    shapes[name] = shape
  }
  addEncoder(add, config)
  if (parts.sa) addSemanticAttention(add, config)
  if (parts.projectionHeads) {
    addProjectionHead(add, 'head_aitd', stageWidth(config, semanticStage(config)), config)
    addProjectionHead(add, 'head_ampd', stageWidth(config, 2), config)
    addProjectionHead(add, 'head_gitd', stageWidth(config, 3), config)
  }
  if (parts.recHead) {
    const stride = recStride(config)
    const from = stageWidth(config, config.rec_source === 'bottleneck' ? 4 : 3)
    add('rec_head.weight', [stride ** 3, from, 1, 1, 1])
    add('rec_head.bias', [stride ** 3])
  }
  if (parts.clsHead)
    addLinear(
      add,
      'cls_head',
      stageWidth(config, 3) + stageWidth(config, semanticStage(config)),
      config.n_classes,
    )
  if (parts.decoder) addDecoder(add, config)
  return shapes
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Looks a parameter up by name. @throws InputError when the weights lack it. */
export function parameter(p: ParameterTensors, name: string): tf.Tensor {
  const found = p[name]
  if (!found)
    throw new InputError(
      `The weights have no parameter '${name}', which this network needs; use the weights file that belongs to this model description.`,
    )
  return found
}

/** The parameters under `prefix`, with the prefix taken off their names. */
export function under(p: ParameterTensors, prefix: string): ParameterTensors {
  const found: ParameterTensors = {}
  for (const name of Object.keys(p)) if (name.startsWith(prefix)) found[name.slice(prefix.length)] = p[name]
  return found
}
