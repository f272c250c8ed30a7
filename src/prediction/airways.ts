// Trachea and main bronchi on the coarse lung grid: free air inside the lungs' air that is long and narrow and has a
// wall with soft tissue behind it, where emphysema has lung. Good enough to part the lungs and to keep tiles out of
// the trachea; small bronchi stay in the lung field.
import type { Volume } from '../volume/volume.ts'
import { labelComponents } from './components.ts'
import { maskWhere, squaredDistanceMm } from './morphology.ts'

/** Lumen on a 2.5 mm grid, tried from lax to strict until what is found no longer leaks into emphysema. */
const lumenHu = [-920, -940, -960, -975, -990]
const largestMl = 120
const shortestMm = 40
/** Mean axial section of a trachea with its main bronchi; a lung's is ten times larger. */
const largestSectionMm2 = 900
/** In-plane steps out of the lumen that meet soft tissue within two voxels: 0.7–0.9 of a trachea's, few in emphysema. */
const leastWalled = 0.55
const wallHu = -500

/** Mask of the airways and their inner walls within `air`; empty when none can be told from emphysema. */
export function findAirways({ hu, shape, spacingMm }: Volume, air: Uint8Array): Uint8Array {
  const [, H, W] = shape
  const voxelMm3 = spacingMm[0] * spacingMm[1] * spacingMm[2]
  for (const threshold of lumenHu) {
    const lumen = maskWhere(air.length, i => air[i] !== 0 && hu[i] < threshold)
    const { labels, sizes } = labelComponents(lumen, shape)
    const lowest = sizes.map(() => Infinity)
    const highest = sizes.map(() => -Infinity)
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]
      if (label === 0) continue
      const d = Math.floor(i / (H * W))
      if (d < lowest[label]) lowest[label] = d
      if (d > highest[label]) highest[label] = d
    }
    const walled = walledShare(labels, sizes.length, hu, W)
    let best = 0
    for (let k = 1; k < sizes.length; k++) {
      const lengthMm = (highest[k] - lowest[k] + 1) * spacingMm[0]
      const volumeMm3 = sizes[k] * voxelMm3
      const isLong = lengthMm >= shortestMm && volumeMm3 / lengthMm <= largestSectionMm2
      const isAirway = isLong && volumeMm3 <= 1000 * largestMl && walled[k] >= leastWalled
      if (isAirway && sizes[k] > sizes[best]) best = k
    }
    if (best === 0) continue
    const distance = squaredDistanceMm(
      maskWhere(labels.length, i => labels[i] === best),
      shape,
      spacingMm,
    )
    const wallMm = 1.3 * spacingMm[2]
    return maskWhere(air.length, i => air[i] !== 0 && distance[i] <= wallMm * wallMm)
  }
  return new Uint8Array(air.length)
}

/** Per component: of all in-plane steps out of it, the share that meets soft tissue within two voxels. */
function walledShare(labels: Int32Array, count: number, hu: Int16Array, W: number): number[] {
  const exits = new Float64Array(count)
  const walled = new Float64Array(count)
  for (let i = 2 * W; i < labels.length - 2 * W; i++) {
    const label = labels[i]
    if (label === 0) continue
    for (const step of [1, -1, W, -W]) {
      if (labels[i + step] === label) continue
      exits[label]++
      if (hu[i + step] >= wallHu || hu[i + 2 * step] >= wallHu) walled[label]++
    }
  }
  return Array.from(exits, (total, k) => walled[k] / Math.max(1, total))
}
