// Which air of a chest CT is lung: not the air around the patient, not table foam, not bowel. HU alone cannot say it
// (emphysema reaches −970 HU, foam −950), nor can "touches the border" (scans are cropped), so it is decided by what
// surrounds each connected region: lungs have body on all sides but at most one.
import { InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import type { Volume } from '../volume/volume.ts'
import { floodFrom, labelComponents } from './components.ts'
import { maskWhere, open, squaredDistanceMm } from './morphology.ts'

/** Lung against soft tissue; halfway between parenchyma (−860 HU) and muscle (50 HU). */
const lungThresholdHu = -400
/** Padding and clipped outside air, so that a lung cut by the field of view does not leak into it. */
const paddingHu = -1015
/** Free gas on the coarse grid: bowel, trachea, an arm's gap; emphysema only in part. */
const gasHu = -985
/** Of the four in-plane directions, how many meet body on average: a lung cut by one border keeps more than 3. */
const leastSides = 2.5
/** Below this it is no lung. A 51 mm cube cut out of a lung still has 100 ml. */
const smallestLungMl = 20
/** Gas of its own: a trachea, a stomach. Emphysema comes in larger pieces. */
const smallestGassyMl = 300
/** A piece of lung cut off by a tumour or an effusion: close to the rest and with no more gas than the rest. */
const smallestFragmentMl = 5
const farthestFragmentMm = 15
const leastGasShare = 0.03
/** Table shells and clothes are thinner than 10 mm and must not count as body. */
const bodyOpeningMm = 5

export interface LungAir {
  /** Lung with airways, without vessels and nodules. */
  readonly lung: Uint8Array
  /** All other air that reaches the sides of the axial slices. */
  readonly outside: Uint8Array
}

/**
 * Finds the lung's air on a coarse grid.
 * @throws InputError when there is none.
 */
export function findLungAir(coarse: Volume): LungAir {
  const { hu, shape, spacingMm } = coarse
  const border = borderIndices(shape)
  const padding = floodFrom(
    border,
    maskWhere(hu.length, i => hu[i] <= paddingHu),
    shape,
  )
  const air = maskWhere(hu.length, i => hu[i] < lungThresholdHu && padding[i] === 0)
  const { labels, sizes } = labelComponents(air, shape)
  const voxelMl = (spacingMm[0] * spacingMm[1] * spacingMm[2]) / 1000
  const meanSides = countSides(coarse, labels, sizes)
  const gas = sizes.map(() => 0)
  for (let i = 0; i < labels.length; i++) if (labels[i] !== 0 && hu[i] < gasHu) gas[labels[i]]++
  const gasShare = sizes.map((size, k) => gas[k] / Math.max(1, size))
  const isPossible = sizes.map((size, k) => {
    // A crop from inside a lung has no body around it; there the air fills the image and is not free gas.
    const isGas = gasShare[k] > 0.15
    const fillsImage = size > 0.5 * hu.length && !isGas
    const leastMl = isGas ? smallestGassyMl : smallestFragmentMl
    return k > 0 && size * voxelMl >= leastMl && (meanSides[k] >= leastSides || fillsImage)
  })
  const largest = Math.max(0, ...sizes.filter((_, k) => isPossible[k]))
  if (largest * voxelMl < smallestLungMl) {
    throw new InputError(
      `No lung was found in this scan: a chest CT in Hounsfield units with at least ${smallestLungMl} ml of air-filled lung is expected; open a chest series, or check that the values are in HU.`,
    )
  }
  const isMain = sizes.map((size, k) => isPossible[k] && size >= 0.3 * largest)
  const gasOfMain = Math.max(...gasShare.filter((_, k) => isMain[k]))
  const distance = squaredDistanceMm(
    maskWhere(labels.length, i => isMain[labels[i]]),
    shape,
    spacingMm,
  )
  const isNear = sizes.map(() => false)
  for (let i = 0; i < labels.length; i++) if (distance[i] <= farthestFragmentMm ** 2) isNear[labels[i]] = true
  const isLung = sizes.map(
    (_, k) =>
      isMain[k] || (isPossible[k] && isNear[k] && gasShare[k] <= Math.max(leastGasShare, 1.5 * gasOfMain)),
  )
  const touches = sizes.map(() => false)
  for (const i of border) touches[labels[i]] = true
  return {
    lung: maskWhere(labels.length, i => isLung[labels[i]]),
    outside: maskWhere(
      labels.length,
      i => padding[i] !== 0 || (touches[labels[i]] && !isLung[labels[i]] && labels[i] !== 0),
    ),
  }
}

/** Indices of the four sides of every axial slice; the first and last slice are no sides, every scan cuts there. */
function borderIndices([D, H, W]: Triple): number[] {
  const indices: number[] = []
  for (let d = 0; d < D; d++) {
    for (let h = 0; h < H; h++) indices.push((d * H + h) * W, (d * H + h) * W + W - 1)
    for (let w = 0; w < W; w++) indices.push(d * H * W + w, (d * H + H - 1) * W + w)
  }
  return indices
}

/** Mean number of directions (left, right, front, back) in which a component's voxels meet body in their slice. */
function countSides(coarse: Volume, labels: Int32Array, sizes: readonly number[]): number[] {
  const { hu, shape, spacingMm } = coarse
  const [D, H, W] = shape
  const dense = maskWhere(hu.length, i => hu[i] >= lungThresholdHu)
  const body = open(dense, shape, spacingMm, bodyOpeningMm)
  const sums = sizes.map(() => 0)
  const scan = (start: number, stride: number, count: number) => {
    let first = count
    let last = -1
    for (let k = 0; k < count; k++) {
      if (body[start + k * stride] === 0) continue
      if (first === count) first = k
      last = k
    }
    for (let k = 0; k < count; k++) {
      const label = labels[start + k * stride]
      if (label !== 0) sums[label] += (k > first ? 1 : 0) + (k < last ? 1 : 0)
    }
  }
  for (let d = 0; d < D; d++) {
    for (let h = 0; h < H; h++) scan((d * H + h) * W, 1, W)
    for (let w = 0; w < W; w++) scan(d * H * W + w, W, H)
  }
  return sums.map((sum, k) => sum / Math.max(1, sizes[k]))
}
