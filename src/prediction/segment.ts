// The network over the lungs: cut out and resample what it needs, run it tile by tile, blend, and give back bytes on
// the scan's own grid. Nothing at the scan's resolution is held in floats.
import { throwIfCancelled } from '../base/errors.ts'
import type { Grid, Triple } from '../base/shape.ts'
import type { NetworkEntry } from '../network/model.ts'
import { normaliseHu } from '../tokens/normalise.ts'
import type { VoxelBox } from '../tokens/tiles.ts'
import { boundingBox, planTiles, readTile } from '../tokens/tiles.ts'
import { resample } from '../volume/resample.ts'
import type { Volume } from '../volume/volume.ts'
import { createBlend, probabilityOnGrid } from './blend.ts'
import { cutVolume, mapAxes, maskOnGrid } from './gridMap.ts'
import type { LungField } from './lungField.ts'
import { dilate } from './morphology.ts'

/** Neighbouring tiles share at least this part of a side; a quarter hides the seams and costs twice the tiles of none. */
export const defaultOverlap = 0.25
/** Tiles cover the lung field and this much around it, so that a pleural nodule is seen with the wall it sits on. */
const marginMm = 6

export interface SegmentOptions {
  readonly overlap: number
  readonly signal?: AbortSignal
  /** Called before the first tile and after each. */
  readonly onTile?: (done: number, total: number) => void
}

export interface Segmentation {
  /** Nodule probability × 255 on the scan's grid, 0 where no tile was. */
  readonly probability: Uint8Array
  readonly tiles: number
}

/** Runs `segment` (normalised HU of one tile → probabilities) over the lungs of `volume`. */
export async function segmentLungs(
  volume: Volume,
  field: LungField,
  network: NetworkEntry,
  segment: (tile: Float32Array) => Promise<Float32Array>,
  options: SegmentOptions,
): Promise<Segmentation> {
  const { grid, sides } = field
  const near = dilate(sides, grid.shape, grid.spacingMm, marginMm)
  const part = resample(cutVolume(volume, cutBox(volume, near, grid, network)), network.spacingMm)
  const origins = planTiles(maskOnGrid(near, grid, part), part.shape, network.shape, options.overlap)
  const blend = createBlend(part.shape, network.shape)
  const tile = new Float32Array(network.shape[0] * network.shape[1] * network.shape[2])
  options.onTile?.(0, origins.length)
  for (const [i, origin] of origins.entries()) {
    throwIfCancelled(options.signal, 'The prediction')
    readTile(part.hu, part.shape, origin, network.shape, network.padHu, tile)
    normaliseHu(tile, network.huWindow, network.outputRange, tile)
    const probability = await segment(tile)
    requireFinite(probability, i, origins.length)
    blend.add(origin, probability)
    options.onTile?.(i + 1, origins.length)
    await yieldToMessages()
  }
  throwIfCancelled(options.signal, 'The prediction')
  return { probability: probabilityOnGrid(blend.finish(), part, volume), tiles: origins.length }
}

/** The scan's voxels around the lungs, at least a tile wide where the scan has as much. */
function cutBox(volume: Volume, near: Uint8Array, grid: Grid, network: NetworkEntry): VoxelBox {
  const box = boundingBox(near, grid.shape)!
  const { offset, scale } = mapAxes(grid, volume)
  const low = [0, 0, 0]
  const high = [0, 0, 0]
  for (const axis of [0, 1, 2]) {
    const first = offset[axis] + scale[axis] * (box.low[axis] - 0.5)
    const last = offset[axis] + scale[axis] * (box.high[axis] - 0.5)
    const tile = ((network.shape[axis] + 2) * network.spacingMm[axis]) / volume.spacingMm[axis]
    const missing = Math.max(0, tile - (last - first)) / 2
    low[axis] = Math.max(0, Math.floor(first - missing))
    high[axis] = Math.min(volume.shape[axis], Math.ceil(last + missing) + 1)
  }
  return { low: low as unknown as Triple, high: high as unknown as Triple }
}

function requireFinite(probability: Float32Array, tile: number, tiles: number): void {
  for (const value of probability) {
    if (Number.isFinite(value)) continue
    throw new Error(
      `The network gave a value that is no number in tile ${tile + 1} of ${tiles}: the results are not shown. Try another device.`,
    )
  }
}

/** Lets a cancel message in: a worker reads none while it only awaits promises. */
export function yieldToMessages(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 0))
}
