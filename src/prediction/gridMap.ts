// How the voxel indices of two grids correspond when one was cut or resampled out of the other: their axes are
// parallel, so each axis has its own straight line. Scan, model and lung grids all relate this way.
import type { Grid, Triple } from '../base/shape.ts'
import { rasMmToVoxel, voxelToRasMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import type { VoxelBox } from '../tokens/tiles.ts'

/** On axis a: index in the target grid = offset[a] + scale[a] × index in the source grid. */
export interface AxisMap {
  readonly offset: Triple
  readonly scale: Triple
}

export function mapAxes(source: Grid, target: Grid): AxisMap {
  const offset = rasMmToVoxel(target.affine, voxelToRasMm(source.affine, [0, 0, 0]))
  const one = rasMmToVoxel(target.affine, voxelToRasMm(source.affine, [1, 1, 1]))
  return {
    offset: [offset[0], offset[1], offset[2]],
    scale: [one[0] - offset[0], one[1] - offset[1], one[2] - offset[2]],
  }
}

/** Nearest target index of every source index along one axis; −1 where that lies outside the target. */
export function nearestIndices(
  { offset, scale }: AxisMap,
  axis: 0 | 1 | 2,
  source: Grid,
  target: Grid,
): Int32Array {
  return Int32Array.from({ length: source.shape[axis] }, (_, i) => {
    const nearest = Math.round(offset[axis] + scale[axis] * i)
    return nearest >= 0 && nearest < target.shape[axis] ? nearest : -1
  })
}

/** `mask` (non-zero = set) of grid `from`, looked up at the voxels of grid `to` (nearest voxel) as 0/1. */
export function maskOnGrid(mask: Uint8Array, from: Grid, to: Grid): Uint8Array {
  const map = mapAxes(to, from)
  const [ds, hs, ws] = ([0, 1, 2] as const).map(axis => nearestIndices(map, axis, to, from))
  const [, H, W] = from.shape
  const out = new Uint8Array(to.shape[0] * to.shape[1] * to.shape[2])
  let i = 0
  for (const d of ds) {
    for (const h of hs) {
      const row = (d * H + h) * W
      const isInside = d >= 0 && h >= 0
      for (const w of ws) out[i++] = isInside && w >= 0 && mask[row + w] !== 0 ? 1 : 0
    }
  }
  return out
}

/** The box of `volume` as a volume of its own (a copy), in the same place in the world. */
export function cutVolume(volume: Volume, { low, high }: VoxelBox): Volume {
  const shape: Triple = [high[0] - low[0], high[1] - low[1], high[2] - low[2]]
  const hu = new Int16Array(shape[0] * shape[1] * shape[2])
  for (let d = 0; d < shape[0]; d++) {
    for (let h = 0; h < shape[1]; h++) {
      const from = ((d + low[0]) * volume.shape[1] + h + low[1]) * volume.shape[2] + low[2]
      hu.set(volume.hu.subarray(from, from + shape[2]), (d * shape[1] + h) * shape[2])
    }
  }
  const [x, y, z] = voxelToRasMm(volume.affine, low)
  const affine = volume.affine.map((value, i) => (i === 3 ? x : i === 7 ? y : i === 11 ? z : value))
  return { shape, spacingMm: volume.spacingMm, affine, hu }
}
