// What an encoder says of every token of a scan, without a label: the scan is cut into tiles side by side, each goes through
// the encoder alone, and the features of one stage make one grid of tokens over the whole scan.
import { InputError, throwIfCancelled } from '../base/errors.ts'
import type { Grid, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { encode } from '../network/encoder.ts'
import type { NetworkEntry } from '../network/model.ts'
import { yieldToMessages } from '../prediction/segment.ts'
import { cropAt } from '../tokens/crops.ts'
import { normaliseHu } from '../tokens/normalise.ts'
import { readTile } from '../tokens/tiles.ts'
import { resample } from '../volume/resample.ts'
import type { Volume } from '../volume/volume.ts'
import type { Rows } from './kMeans.ts'
import { gridInCrop, type LabCrop } from './labCrop.ts'
import type { LabEncoder } from './labEncoder.ts'
import type { LabProgram } from './steadyProgram.ts'
import { tokenSide, tokensOver } from './tokenGrid.ts'

/**
 * The encoder up to stage `stage` (0-based): its tokens' features [d,h,w,C], normalised (feat) where the network normalises
 * its stages.
 * @throws InputError when the network has no such stage or the crop is no multiple of a token's block.
 */
export function featureProgram({ config, parameters, shape }: LabEncoder, stage: number): LabProgram {
  if (!Number.isInteger(stage) || stage < 0 || stage > 3)
    throw new InputError(`Stage ${stage + 1} was asked for; this network has stages 1 to 4.`)
  const side = tokenSide(stage)
  if (shape.some(size => size % side !== 0))
    throw new InputError(
      `The network’s crop of ${shape.join(' × ')} voxels is no multiple of the ${side} voxels that a token of stage ${stage + 1} covers; choose an earlier stage.`,
    )
  return {
    inputs: { image: { shape: [1, ...shape, config.in_chans], dtype: 'float32' } },
    parameters,
    compute({ image }, p) {
      const { feat, raw } = encode(p, image, config)
      return { features: feat[stage] ?? raw[stage] }
    },
  }
}

/** Features of all tokens over a scan: row [d,h,w] of `grid`. */
export interface ScanFeatures extends Rows {
  readonly grid: Grid
}

export interface ScanOptions {
  /** Only this part of the scan, in voxels of the network; the whole scan where left out. */
  readonly part?: LabCrop
  readonly signal?: AbortSignal
  readonly onTile?: (done: number, total: number) => void
}

/** Larger token grids would take minutes to cluster in a page. */
const mostTokens = 400_000

/** How a network takes a tile, and what it gives for one. */
export interface TileReader {
  readonly entry: Pick<NetworkEntry, 'spacingMm' | 'shape' | 'huWindow' | 'outputRange' | 'padHu'>
  /** Channels of a token. */
  readonly width: number
  /** Normalised HU of one tile [D,H,W] → features [d,h,w,C]. */
  run(tile: Float32Array): Promise<Float32Array>
}

/** What the tiles are cut from: HU in the network's voxels, and where they lie. */
function readPart(
  volume: Volume,
  spacingMm: Triple,
  crop: LabCrop | undefined,
): Grid & { readonly hu: Int16Array | Float32Array } {
  if (!crop) return resample(volume, spacingMm)
  const hu = cropAt(volume, crop.centreRasMm, crop.shape, crop.spacingMm)
  return { ...gridInCrop(volume, crop, crop.shape), hu }
}

/**
 * Runs the encoder over the scan or a part of it, tile beside tile. Tokens beyond the end are left out.
 * @throws InputError when the scan has too many tokens; CancelledError.
 */
export async function scanFeatures(
  volume: Volume,
  stage: number,
  { entry, width, run }: TileReader,
  options: ScanOptions = {},
): Promise<ScanFeatures> {
  const { shape } = entry
  const side = tokenSide(stage)
  const part = readPart(volume, entry.spacingMm, options.part)
  const grid = tokensOver(part, side)
  const count = voxelCount(grid.shape)
  if (count > mostTokens)
    throw new InputError(
      `This scan has ${count} tokens at stage ${stage + 1}, at most ${mostTokens} are clustered; choose a later stage.`,
    )
  const values = new Float32Array(count * width)
  const counts = part.shape.map((size, axis) => Math.ceil(size / shape[axis]))
  const total = counts[0] * counts[1] * counts[2]
  const tile = new Float32Array(voxelCount(shape))
  for (let at = 0; at < total; at++) {
    options.onTile?.(at, total)
    await yieldToMessages()
    throwIfCancelled(options.signal, 'Reading the features')
    const index = [
      Math.floor(at / (counts[1] * counts[2])),
      Math.floor(at / counts[2]) % counts[1],
      at % counts[2],
    ]
    const origin = index.map((i, axis) => i * shape[axis]) as unknown as Triple
    readTile(part.hu, part.shape, origin, shape, entry.padHu, tile)
    normaliseHu(tile, entry.huWindow, entry.outputRange, tile)
    placeTile(await run(tile), width, shape, origin, side, grid.shape, values)
  }
  requireFinite(values)
  options.onTile?.(total, total)
  return { grid, width, values }
}

/** Copies a tile's tokens to their places; those beyond the grid are dropped. */
function placeTile(
  features: Float32Array,
  width: number,
  shape: Triple,
  origin: Triple,
  side: number,
  [D, H, W]: Triple,
  values: Float32Array,
): void {
  const [d, h, w] = shape.map(size => size / side)
  const [z, y, x] = origin.map(first => first / side)
  const kept = Math.min(w, W - x)
  for (let i = 0; i < Math.min(d, D - z); i++)
    for (let j = 0; j < Math.min(h, H - y); j++) {
      const from = (i * h + j) * w * width
      values.set(features.subarray(from, from + kept * width), (((z + i) * H + y + j) * W + x) * width)
    }
}

function requireFinite(values: Float32Array): void {
  if (!values.every(Number.isFinite))
    throw new Error('The encoder gave a value that is no number: its features are not shown.')
}
