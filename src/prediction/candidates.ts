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

/** What makes regions out of probabilities; the rest of a rule only picks among them. */
export type RegionRule = Pick<CandidateRule, 'seedProbability' | 'maskProbability'>

/**
 * All regions of `probability` (bytes 0…255 on `grid`) in the lungs, most probable first, whatever their size.
 * `scratch` is as long, all 0, and is all 0 again afterwards.
 */
export function collectRegions(
  probability: Uint8Array,
  grid: Grid,
  field: LungField,
  { seedProbability, maskProbability }: RegionRule,
  scratch: Uint8Array,
): Candidate[] {
  const level = (share: number) => Math.max(1, Math.ceil(255 * share))
  const regions = hysteresis(probability, grid.shape, level(maskProbability), level(seedProbability), scratch)
  scratch.fill(0)
  const voxelMm3 = voxelVolumeMm3(grid)
  return regions
    .filter(lungTest(grid, field))
    .map(voxels => ({
      voxels,
      probability: voxels.reduce((total, index) => total + probability[index], 0) / voxels.length / 255,
      volumeMm3: voxels.length * voxelMm3,
      compactness: compactness(voxels, grid),
    }))
    .sort((a, b) => b.probability - a.probability || a.voxels[0] - b.voxels[0])
}

/** The regions that a rule takes for candidates. */
export function pickCandidates(regions: readonly Candidate[], rule: CandidateRule): Candidates {
  const smallestMm3 = (Math.PI / 6) * rule.smallestDiameterMm ** 3
  const large = regions.filter(({ volumeMm3 }) => volumeMm3 >= smallestMm3)
  const tooLarge = large.filter(({ volumeMm3 }) => volumeMm3 > 1000 * largestMl)
  const fitting = large.filter(
    region => region.volumeMm3 <= 1000 * largestMl && region.compactness >= rule.leastCompactness,
  )
  const warnings = tooLarge.map(
    ({ volumeMm3 }) =>
      `A region of ${Math.round(volumeMm3 / 1000)} ml was left out: too large to be a nodule.`,
  )
  if (fitting.length > mostCandidates)
    warnings.push(`${fitting.length} candidates were found; the ${mostCandidates} most probable are kept.`)
  return { kept: fitting.slice(0, mostCandidates), warnings }
}

/** Candidates of `probability`; `scratch` as for `collectRegions`. */
export function findCandidates(
  probability: Uint8Array,
  grid: Grid,
  field: LungField,
  rule: CandidateRule,
  scratch: Uint8Array,
): Candidates {
  return pickCandidates(collectRegions(probability, grid, field, rule, scratch), rule)
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
