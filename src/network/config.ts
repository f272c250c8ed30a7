// The configuration of a SMARTFormer: the golden fixtures' field names (SPEC section 1), its presets and its checks.
// Every dimension of the network follows from these fields and from the input tensors.
import { InputError } from '../base/errors.ts'

/** Order in which patch merging concatenates its eight children (SPEC 2.3). */
export type MergeOrder = 'smit' | 'monai_v1' | 'monai_v15' | 'monai_v2'

/** Four numbers, one for each encoder stage. */
export type PerStage = readonly [number, number, number, number]

/** A stage of the encoder, counted from 1 as SPEC does. */
export type SemanticStage = 1 | 2 | 3 | 4

export interface NetworkConfig {
  readonly in_chans: number
  readonly patch: number
  readonly window: number
  readonly mlp_ratio: number
  readonly qkv_bias: boolean
  readonly patch_norm: boolean
  readonly merge_order: MergeOrder
  readonly window_mode: 'fixed' | 'shrink'
  readonly window_reverse: 'exact' | 'smit'
  readonly sa_depth: number
  readonly n_classes: number
  readonly seg_classes: number
  /** Prototypes of a projection head. */
  readonly K: number
  readonly head_hidden: number
  readonly head_bottleneck: number
  readonly rec_source: 'bottleneck' | 'stage4'
  /** Channels C of the first stage; stage i has C·2^i. */
  readonly embed: number
  readonly depths: PerStage
  readonly heads: PerStage
  /** Channels of the decoder at full resolution (encoder1, decoder1, out); `embed` when absent. */
  readonly decoder_full_channels?: number
  /** Encoder stage whose tokens semantic attention reads (SPEC section 3); 3 when absent. */
  readonly sa_stage?: SemanticStage
  /** Which tensors the decoder reads: SPEC section 9 (default) or MONAI SwinUNETR's, section 12.2. */
  readonly wiring?: 'smartformer' | 'monai'
}

const common = {
  in_chans: 1,
  patch: 2,
  window: 4,
  mlp_ratio: 4,
  qkv_bias: false,
  patch_norm: true,
  merge_order: 'smit',
  window_mode: 'fixed',
  window_reverse: 'exact',
  sa_depth: 2,
  n_classes: 2,
  seg_classes: 2,
  rec_source: 'bottleneck',
} as const

const fullHeads = { K: 8192, head_hidden: 2048, head_bottleneck: 256 } as const
const tinyHeads = { K: 64, head_hidden: 48, head_bottleneck: 32 } as const

/** `tiny`, `small`, `base` are SPEC section 1's; `demo` is ours, for machines without a GPU. */
export const presets = {
  tiny: { ...common, ...tinyHeads, embed: 24, depths: [2, 2, 2, 2], heads: [2, 2, 4, 8] },
  small: { ...common, ...fullHeads, embed: 48, depths: [2, 2, 4, 2], heads: [4, 4, 4, 4] },
  base: { ...common, ...fullHeads, embed: 48, depths: [2, 2, 8, 2], heads: [4, 4, 8, 16] },
  demo: {
    ...common,
    ...tinyHeads,
    embed: 16,
    depths: [2, 2, 2, 2],
    heads: [2, 2, 4, 8],
    decoder_full_channels: 8,
  },
} as const satisfies Record<string, NetworkConfig>

/** Channels of encoder stage i (0-based). */
export function stageWidth(config: NetworkConfig, stage: number): number {
  return config.embed * 2 ** stage
}

/** Channels of the decoder at full resolution. */
export function fullWidth(config: NetworkConfig): number {
  return config.decoder_full_channels ?? config.embed
}

/** Index (0-based) of the stage that semantic attention reads. */
export function semanticStage(config: NetworkConfig): number {
  return (config.sa_stage ?? 3) - 1
}

const choices: Record<string, readonly (string | number | boolean | undefined)[]> = {
  qkv_bias: [true, false],
  patch_norm: [true, false],
  merge_order: ['smit', 'monai_v1', 'monai_v15', 'monai_v2'],
  window_mode: ['fixed', 'shrink'],
  window_reverse: ['exact', 'smit'],
  rec_source: ['bottleneck', 'stage4'],
  sa_stage: [undefined, 1, 2, 3, 4],
  wiring: [undefined, 'smartformer', 'monai'],
}
const counts = [
  'in_chans',
  'patch',
  'window',
  'mlp_ratio',
  'sa_depth',
  'n_classes',
  'seg_classes',
  'K',
  'head_hidden',
  'head_bottleneck',
  'embed',
]
// No published Swin UNETR comes near these; beyond them the file is wrong, not ambitious.
const largestCount = 65536
const largestDepth = 256

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= largestCount
}

function refuse(field: string, value: unknown, expected: string): never {
  throw new InputError(
    `The network configuration has ${field} = ${JSON.stringify(value)}, but ${expected} is expected; use a model description written for this program.`,
  )
}

/**
 * Checks a network configuration that came from a file.
 * @throws InputError naming the first field that is missing or out of range.
 */
export function parseNetworkConfig(value: unknown): NetworkConfig {
  if (typeof value !== 'object' || value === null) refuse('everything', value, 'an object')
  const fields = value as Record<string, unknown>
  for (const field of counts)
    if (!isCount(fields[field])) refuse(field, fields[field], `a whole number from 1 to ${largestCount}`)
  for (const [field, allowed] of Object.entries(choices))
    if (!(allowed as readonly unknown[]).includes(fields[field]))
      refuse(field, fields[field], `one of ${allowed.map(choice => String(choice)).join(', ')}`)
  for (const field of ['depths', 'heads']) {
    const list = fields[field]
    if (!Array.isArray(list) || list.length !== 4 || !list.every(isCount))
      refuse(field, list, 'a list of four whole numbers')
  }
  if ((fields.depths as number[]).some(depth => depth > largestDepth))
    refuse('depths', fields.depths, `at most ${largestDepth} blocks a stage`)
  if (fields.patch !== 2) refuse('patch', fields.patch, 'a patch of 2 voxels')
  if (fields.decoder_full_channels !== undefined && !isCount(fields.decoder_full_channels))
    refuse('decoder_full_channels', fields.decoder_full_channels, 'a whole number')
  const config = value as NetworkConfig
  config.heads.forEach((heads, stage) => {
    if (stageWidth(config, stage) % heads !== 0)
      refuse(`heads[${stage}]`, heads, `a divisor of the stage's ${stageWidth(config, stage)} channels`)
  })
  return config
}
