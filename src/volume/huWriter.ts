// Takes a scan slice by slice in the file's order and lays it down as int16 HU in memory order, counting padding and
// statistics on the way, so that no second copy of the scan is ever held.
import { InputError } from '../base/errors.ts'
import type { Affine, Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import { layFileGrid, memorySteps } from './fileGrid.ts'
import type { FileGrid, Volume } from './volume.ts'

/** Air outside the field of view, and everything below it. */
export const padHu = -1024

/** Two gigabytes of HU: four times 512×512×1024, more than a tab can hold beside the viewer. */
export const maxVolumeBytes = 2 ** 31

export type Allocate = (bytes: number) => ArrayBufferLike

export interface WrittenVolume {
  readonly volume: Volume
  readonly fileGrid: FileGrid
  readonly hu: { readonly min: number; readonly max: number; readonly mean: number }
  readonly paddedVoxels: number
  /** Voxels above what int16 holds, set to 32767. */
  readonly clippedVoxels: number
  /** NaN or infinite voxels; the reader decides what that means. */
  readonly nonFiniteVoxels: number
}

export interface HuWriter {
  /** Slice `k` of the file, [H,W] in the file's order; HU = value × slope + intercept. */
  write(k: number, values: ArrayLike<number>, slope?: number, intercept?: number): void
  finish(): WrittenVolume
}

/** @throws InputError when the shape is empty or larger than the workbench can hold, before anything is allocated. */
export function checkVolumeSize(name: string, shape: Triple): void {
  const [D, H, W] = shape
  if (!shape.every(size => Number.isInteger(size) && size > 0))
    throw new InputError(
      `${name} says it has ${W} × ${H} × ${D} voxels; a CT volume has at least one along each axis. The file is damaged: export it again.`,
    )
  if (2 * voxelCount(shape) > maxVolumeBytes)
    throw new InputError(
      `${name} says it has ${W} × ${H} × ${D} voxels, ${((2 * voxelCount(shape)) / 2 ** 30).toFixed(1)} GB as HU; at most ${maxVolumeBytes / 2 ** 30} GB can be opened here. Crop it or resample it to larger voxels.`,
    )
}

/** @throws InputError when the memory for the scan is not given. */
export function createHuWriter(
  shape: Triple,
  affine: Affine,
  allocate: Allocate = bytes => new ArrayBuffer(bytes),
): HuWriter {
  const { fileGrid, memory } = layFileGrid(shape, affine)
  const hu = new Int16Array(allocateOrExplain(2 * voxelCount(shape), allocate))
  const { start, steps } = memorySteps(fileGrid)
  const [stepD, stepH, stepW] = steps
  const [, H, W] = shape
  const counts = { min: Infinity, max: -Infinity, sum: 0, padded: 0, clipped: 0, nonFinite: 0 }

  function write(k: number, values: ArrayLike<number>, slope = 1, intercept = 0): void {
    let { min, max, sum, padded, clipped, nonFinite } = counts
    let read = 0
    for (let h = 0; h < H; h++) {
      let at = start + k * stepD + h * stepH
      for (let w = 0; w < W; w++, at += stepW) {
        let value = Math.round(values[read++] * slope + intercept)
        if (!(value >= padHu)) {
          // NaN lands here too.
          if (value > -Infinity) padded++
          else nonFinite++
          value = padHu
        } else if (value > 32767) {
          if (value < Infinity) clipped++
          else nonFinite++
          value = 32767
        }
        hu[at] = value
        sum += value
        if (value < min) min = value
        if (value > max) max = value
      }
    }
    Object.assign(counts, { min, max, sum, padded, clipped, nonFinite })
  }

  function finish(): WrittenVolume {
    const { min, max, sum, padded, clipped, nonFinite } = counts
    return {
      volume: { ...memory, hu },
      fileGrid,
      hu: { min, max, mean: sum / hu.length },
      paddedVoxels: padded,
      clippedVoxels: clipped,
      nonFiniteVoxels: nonFinite,
    }
  }
  return { write, finish }
}

function allocateOrExplain(bytes: number, allocate: Allocate): ArrayBufferLike {
  try {
    return allocate(bytes)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(
      `This scan needs ${Math.ceil(bytes / 1e6)} MB of memory in one piece, which this machine did not give. Close other programs or tabs, or crop the scan.`,
      String(error),
    )
  }
}
