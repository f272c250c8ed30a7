// Trachea and main bronchi on the coarse lung grid: free air inside the lungs' air that is long and narrow and has soft
// tissue around it, where emphysema has lung. Good enough to part the lungs and to keep tiles out of the trachea; small bronchi stay in the lung field.
import type { Volume } from '../volume/volume.ts'
import { labelComponents } from './components.ts'
import { maskWhere, squaredDistanceMm } from './morphology.ts'

/** Lumen on a 2.5 mm grid, tried from lax to strict until what is found no longer leaks into emphysema. */
const lumenHu = [-920, -940, -960, -975, -990]
const largestMl = 120
const shortestMm = 40
/** Mean axial section of a trachea with its main bronchi; a lung's is ten times larger. */
const largestSectionMm2 = 900
/** Share of dense voxels in the shell behind the wall: mediastinum around a trachea, none around emphysema. */
const leastDenseShare = 0.4
const denseHu = -500

/** Mask of the airways and their inner walls within `air`; empty when none can be told from emphysema. */
export function findAirways({ hu, shape, spacingMm }: Volume, air: Uint8Array): Uint8Array {
  for (const threshold of lumenHu) {
    const lumen = maskWhere(air.length, i => air[i] !== 0 && hu[i] < threshold)
    const { labels, sizes } = labelComponents(lumen, shape)
    const lowest = sizes.map(() => shape[0])
    const highest = sizes.map(() => -1)
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]
      if (label === 0) continue
      const d = Math.floor(i / (shape[1] * shape[2]))
      if (d < lowest[label]) lowest[label] = d
      if (d > highest[label]) highest[label] = d
    }
    const voxelMm3 = spacingMm[0] * spacingMm[1] * spacingMm[2]
    let best = 0
    for (let k = 1; k < sizes.length; k++) {
      const lengthMm = (highest[k] - lowest[k] + 1) * spacingMm[0]
      const volumeMm3 = sizes[k] * voxelMm3
      const isLong = lengthMm >= shortestMm && volumeMm3 / lengthMm <= largestSectionMm2
      const isAirway = isLong && volumeMm3 <= 1000 * largestMl
      if (isAirway && sizes[k] > sizes[best]) best = k
    }
    if (best === 0) continue
    const distance = squaredDistanceMm(
      maskWhere(labels.length, i => labels[i] === best),
      shape,
      spacingMm,
    )
    const wallMm = 1.3 * spacingMm[2]
    if (denseShare(hu, distance, wallMm, 2 * wallMm) < leastDenseShare) continue
    return maskWhere(air.length, i => air[i] !== 0 && distance[i] <= wallMm * wallMm)
  }
  return new Uint8Array(air.length)
}

/** Share of dense voxels among those between two distances (mm) of the lumen. */
function denseShare(hu: Int16Array, squaredMm: Float32Array, fromMm: number, toMm: number): number {
  let count = 0
  let dense = 0
  for (let i = 0; i < hu.length; i++) {
    if (squaredMm[i] <= fromMm * fromMm || squaredMm[i] > toMm * toMm) continue
    count++
    if (hu[i] >= denseHu) dense++
  }
  return dense / Math.max(1, count)
}
