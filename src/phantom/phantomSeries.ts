// A phantom as the rest of the program takes a scan.
import type { OpenedSeries } from '../volume/volume.ts'
import type { Phantom } from './phantom.ts'

/** A phantom as an opened series, as if it had been read from a file in memory order. */
export function phantomSeries({ seed, volume }: Phantom): OpenedSeries {
  const { shape, spacingMm, affine, hu } = volume
  let [min, max, sum] = [Infinity, -Infinity, 0]
  for (const value of hu) {
    if (value < min) min = value
    if (value > max) max = value
    sum += value
  }
  return {
    id: `phantom-${seed}`,
    description: `Synthetic phantom, seed ${seed}`,
    modality: 'CT',
    format: 'phantom',
    shape,
    spacingMm,
    volume,
    fileGrid: { shape, spacingMm, affine, axes: [0, 1, 2], flips: [false, false, false] },
    hu: { min, max, mean: sum / hu.length },
    paddedVoxels: 0,
    warnings: [],
    windows: [],
    synthetic: true,
  }
}
