// From probabilities to candidates: hysteresis and connected components on the scan's own grid, kept when they are
// large enough to measure, compact enough to be a nodule rather than a vessel or a fissure, and lie in the lungs.
import type { Grid } from '../base/shape.ts'
import { hysteresis } from './components.ts'
import { mapAxes } from './gridMap.ts'
import type { LungField } from './lungField.ts'
import { compactness, unravel, voxelVolumeMm3 } from './measure.ts'
import { dilate } from './morphology.ts'

export interface CandidateRule {
  /** A candidate holds at least one voxel this probable … */
  readonly seedProbability: number
  /** … and all its voxels are at least this probable. */
  readonly maskProbability: number
  /** Diameter of the sphere of the candidate's volume; micronodules below 3 mm are not reported (Fleischner 2017). */
  readonly smallestDiameterMm: number
  /** A candidate is at least this compact, 0…1 (see `compactness`): branching vessels and fissures are not. */
  readonly leastCompactness: number
}

export const defaultRule: CandidateRule = {
  seedProbability: 0.5,
  maskProbability: 0.35,
  smallestDiameterMm: 3,
  leastCompactness: 0,
}

/** Reads `seed`, `mask`, `smallestDiameterMm` and `leastCompactness` of a model's thresholds; what is missing takes the default. */
export function candidateRule(thresholds: Readonly<Record<string, number>>): CandidateRule {
  return {
    seedProbability: thresholds.seed ?? defaultRule.seedProbability,
    maskProbability: thresholds.mask ?? Math.min(defaultRule.maskProbability, thresholds.seed ?? 1),
    smallestDiameterMm: thresholds.smallestDiameterMm ?? defaultRule.smallestDiameterMm,
    leastCompactness: thresholds.leastCompactness ?? defaultRule.leastCompactness,
  }
}

export interface Candidate {
  /** Flat indices into the scan's grid, rising. */
  readonly voxels: Int32Array
  /** Mean probability of its voxels, 0…1. */
  readonly probability: number
  readonly volumeMm3: number
  /** 1 for a ball, towards 0 for what is spread out. */
  readonly compactness: number
}

export interface Candidates {
  /** Most probable first, at most 255. */
  readonly kept: readonly Candidate[]
  readonly warnings: readonly string[]
}

/** A nodule may reach this far outside the lung field, which ends on the pleura. */
const fieldMarginMm = 3
/** A sphere of 80 mm: no nodule, and not measurable as one. */
const largestMl = 270
/** The label volume has one byte a voxel. */
const mostCandidates = 255

/** Candidates of `probability` (bytes 0…255 on `grid`). `scratch` is as long, all 0, and is all 0 again afterwards. */
export function findCandidates(
  probability: Uint8Array,
  grid: Grid,
  field: LungField,
  rule: CandidateRule,
  scratch: Uint8Array,
): Candidates {
  const level = (share: number) => Math.max(1, Math.ceil(255 * share))
  const regions = hysteresis(
    probability,
    grid.shape,
    level(rule.maskProbability),
    level(rule.seedProbability),
    scratch,
  )
  scratch.fill(0)
  const voxelMm3 = voxelVolumeMm3(grid)
  const smallestMm3 = ballVolumeMm3(rule.smallestDiameterMm)
  const isInLung = lungTest(grid, field)
  const warnings: string[] = []
  const kept: Candidate[] = []
  for (const voxels of regions) {
    const volumeMm3 = voxels.length * voxelMm3
    if (volumeMm3 < smallestMm3 || !isInLung(voxels)) continue
    if (volumeMm3 > 1000 * largestMl) {
      warnings.push(`A region of ${Math.round(volumeMm3 / 1000)} ml was left out: too large to be a nodule.`)
      continue
    }
    const share = compactness(voxels, grid)
    if (share < rule.leastCompactness) continue
    const sum = voxels.reduce((total, index) => total + probability[index], 0)
    kept.push({ voxels, probability: sum / voxels.length / 255, volumeMm3, compactness: share })
  }
  kept.sort((a, b) => b.probability - a.probability || a.voxels[0] - b.voxels[0])
  if (kept.length > mostCandidates) {
    warnings.push(`${kept.length} candidates were found; the ${mostCandidates} most probable are kept.`)
  }
  return { kept: kept.slice(0, mostCandidates), warnings }
}

export function ballVolumeMm3(diameterMm: number): number {
  return (Math.PI / 6) * diameterMm ** 3
}

/** True when at least half of the voxels lie in the lung field with its margin. */
function lungTest(grid: Grid, { grid: coarse, sides }: LungField): (voxels: Int32Array) => boolean {
  const inside = dilate(sides, coarse.shape, coarse.spacingMm, fieldMarginMm)
  const { offset, scale } = mapAxes(grid, coarse)
  const [, H, W] = grid.shape
  return voxels => {
    let count = 0
    for (const index of voxels) {
      const [d, h, w] = unravel(index, H, W).map((value, axis) => {
        const nearest = Math.round(offset[axis] + scale[axis] * value)
        return Math.min(coarse.shape[axis] - 1, Math.max(0, nearest))
      })
      count += inside[(d * coarse.shape[1] + h) * coarse.shape[2] + w]
    }
    return 2 * count >= voxels.length
  }
}
