// Trachea and main bronchi on the coarse lung grid: free air inside the body that is long, narrow and central.
// Good enough to part the lungs and to keep tiles out of the trachea; small bronchi stay in the lung field.
import type { Volume } from '../volume/volume.ts'
import { labelComponents } from './components.ts'
import { dilate } from './morphology.ts'

/** Lumen on a 2.5 mm grid; parenchyma averages −860 HU and rarely falls below this outside emphysema. */
const lumenHu = -920
const largestMl = 120
const shortestMm = 40
/** Mean section of a trachea with its main bronchi; a lung's is ten times larger. */
const largestSectionMm2 = 900

/** Mask of the airways and their walls in `coarse`; empty when none can be told from emphysema. */
export function findAirways({ hu, shape, spacingMm }: Volume, air: Uint8Array): Uint8Array {
  const lumen = Uint8Array.from(air, (value, i) => (value !== 0 && hu[i] < lumenHu ? 1 : 0))
  const { labels, sizes } = labelComponents(lumen, shape)
  const [D, H, W] = shape
  const lowest = sizes.map(() => D)
  const highest = sizes.map(() => -1)
  const sumW = sizes.map(() => 0)
  let airLow = W
  let airHigh = 0
  for (let i = 0; i < labels.length; i++) {
    const w = i % W
    if (air[i] !== 0) {
      airLow = Math.min(airLow, w)
      airHigh = Math.max(airHigh, w)
    }
    const label = labels[i]
    if (label === 0) continue
    const d = Math.floor(i / (H * W))
    lowest[label] = Math.min(lowest[label], d)
    highest[label] = Math.max(highest[label], d)
    sumW[label] += w
  }
  const voxelMm3 = spacingMm[0] * spacingMm[1] * spacingMm[2]
  let best = 0
  for (let k = 1; k < sizes.length; k++) {
    const lengthMm = (highest[k] - lowest[k] + 1) * spacingMm[0]
    const volumeMm3 = sizes[k] * voxelMm3
    const across = (sumW[k] / sizes[k] - airLow) / Math.max(1, airHigh - airLow)
    const isAirway =
      lengthMm >= shortestMm &&
      volumeMm3 <= 1000 * largestMl &&
      volumeMm3 / lengthMm <= largestSectionMm2 &&
      across > 0.3 &&
      across < 0.7
    if (isAirway && sizes[k] > (sizes[best] ?? 0)) best = k
  }
  if (best === 0) return new Uint8Array(hu.length)
  const chosen = Uint8Array.from(labels, label => (label === best ? 1 : 0))
  const wall = dilate(chosen, shape, spacingMm, 1.3 * spacingMm[2])
  return Uint8Array.from(wall, (value, i) => (value !== 0 && air[i] !== 0 ? 1 : 0))
}
