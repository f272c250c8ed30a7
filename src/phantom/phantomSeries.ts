// A phantom as the rest of the program takes a scan.
import type { OpenedSeries } from '../volume/volume.ts'
import { volumeSeries } from '../volume/volumeSeries.ts'
import type { Phantom } from './phantom.ts'

/** A phantom as an opened series, as if it had been read from a file in memory order. */
export function phantomSeries({ seed, volume }: Phantom): OpenedSeries {
  return volumeSeries(volume, {
    ...{ id: `phantom-${seed}`, description: `Synthetic phantom, seed ${seed}` },
    ...{ format: 'phantom', synthetic: true, warnings: [] },
  })
}
