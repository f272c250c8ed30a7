// A volume that was not read as a scan of its own, as the rest of the program takes a scan: as if from a file in memory order.
import type { OpenedSeries, Volume } from './volume.ts'

type Described = Pick<OpenedSeries, 'id' | 'description' | 'format' | 'synthetic' | 'warnings'>

export function volumeSeries(volume: Volume, described: Described): OpenedSeries {
  const { shape, spacingMm, affine, hu } = volume
  let [min, max, sum] = [Infinity, -Infinity, 0]
  for (const value of hu) {
    if (value < min) min = value
    if (value > max) max = value
    sum += value
  }
  return {
    ...described,
    modality: 'CT',
    shape,
    spacingMm,
    volume,
    fileGrid: { shape, spacingMm, affine, axes: [0, 1, 2], flips: [false, false, false] },
    hu: { min, max, mean: sum / hu.length },
    paddedVoxels: 0,
    windows: [],
  }
}
