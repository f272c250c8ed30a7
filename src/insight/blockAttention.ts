// Where every query of a network's windows looks: the encoder on one crop, traced once and compiled, with the attention of
// chosen blocks as outputs. The network is the one of src/network; nothing of it is written again here.
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import { layoutWindows, measureWindows, type WindowLayout } from '../kernels/windowLayout.ts'
import type { NetworkConfig } from '../network/config.ts'
import { blockAttributes, blockProbabilities, encode, stageGrid } from '../network/encoder.ts'
import type { LabEncoder } from './labEncoder.ts'
import type { LabProgram, Results } from './steadyProgram.ts'

/** A block of the encoder, both numbers counted from 0. */
export interface BlockPlace {
  readonly stage: number
  readonly block: number
}

/** The attention of one block over one crop. */
export interface BlockAttention extends BlockPlace {
  readonly heads: number
  /** Tokens of the stage along D, H, W. */
  readonly grid: Triple
  readonly layout: WindowLayout
  /** Post-softmax [windows, heads, T, T]: query, then key, both slots of a window in `layout`. */
  readonly probabilities: Float32Array
}

/** All blocks of an encoder, in the order in which they run. */
export function blocksOf({ depths }: NetworkConfig): BlockPlace[] {
  return depths.flatMap((depth, stage) => Array.from({ length: depth }, (_, block) => ({ stage, block })))
}

/** More than this for one crop would crowd a browser's tab out of memory. */
const mostBytes = 512 * 2 ** 20

function shapeOf({ config, shape }: LabEncoder, { stage, block }: BlockPlace) {
  const grid = stageGrid(shape, stage) as unknown as Triple
  const { shifted, window, ...rest } = blockAttributes(config, stage, block)
  return { grid, attributes: { ...rest, window, shift: shifted ? window >> 1 : 0 } }
}

/** Bytes of the attention of these blocks over one crop. */
export function attentionBytes(encoder: LabEncoder, blocks: readonly BlockPlace[]): number {
  return blocks.reduce((sum, place) => {
    const { grid, attributes } = shapeOf(encoder, place)
    const { windows, tokens } = measureWindows(grid, attributes)
    return sum + 4 * windows * attributes.heads * tokens ** 2
  }, 0)
}

function requireBlocks(encoder: LabEncoder, blocks: readonly BlockPlace[]): void {
  const { depths } = encoder.config
  for (const { stage, block } of blocks)
    if (!(block >= 0 && block < (depths[stage] ?? 0)))
      throw new InputError(
        `Block ${block + 1} of stage ${stage + 1} was asked for, but the stages of this network have ${depths.join(', ')} blocks; choose one of those.`,
      )
  const bytes = attentionBytes(encoder, blocks)
  if (bytes > mostBytes)
    throw new InputError(
      `The attention of ${blocks.length} blocks over ${encoder.shape.join(' × ')} voxels takes ${Math.round(bytes / 1e6)} MB, at most ${Math.round(mostBytes / 1e6)} MB are held; ask for fewer blocks or a smaller crop.`,
    )
}

/**
 * The encoder up to the last of `blocks`, with their attention as outputs "0", "1", ….
 * @throws InputError when the network has no such block or their attention is too large to hold.
 */
export function attentionProgram(encoder: LabEncoder, blocks: readonly BlockPlace[]): LabProgram {
  requireBlocks(encoder, blocks)
  const { config, parameters, shape } = encoder
  return {
    inputs: { image: { shape: [1, ...shape, config.in_chans], dtype: 'float32' } },
    parameters,
    compute({ image }, p) {
      const encoded = encode(p, image, config)
      return Object.fromEntries(
        blocks.map(({ stage, block }, i) => [`${i}`, blockProbabilities(p, encoded, config, stage, block)]),
      )
    },
  }
}

/** What a run of `attentionProgram` says, block by block. */
export function readAttention(
  encoder: LabEncoder,
  blocks: readonly BlockPlace[],
  results: Results,
): BlockAttention[] {
  return blocks.map((place, i) => {
    const { grid, attributes } = shapeOf(encoder, place)
    const layout = layoutWindows(grid, attributes)
    const probabilities = results[`${i}`].data as Float32Array
    return { ...place, grid, heads: attributes.heads, layout, probabilities }
  })
}
