// Which probability makes a candidate: chosen on validation scans only, by sensitivity at a bearable number of false
// positives. One prediction serves every rule, because rules read the probability volume alone.
import {
  collectRegions,
  pickCandidates,
  type Candidate,
  type CandidateRule,
} from '../prediction/candidates.ts'
import { centroidRasMm } from '../prediction/measure.ts'
import type { Prediction } from '../prediction/predict.ts'
import type { Volume } from '../volume/volume.ts'
import { judgeScan, summarise, type JudgedScan, type ScanTruth } from './evaluate.ts'

const seeds = [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]
const maskShares = [0.4, 0.6, 0.8]
const smallestDiametersMm = [3, 4, 5]
const compactnesses = [0, 0.2, 0.35, 0.5]

/** All rules that are tried: thresholds to seed and to delimit a candidate, its least size and compactness. */
export const triedRules: readonly CandidateRule[] = seeds.flatMap(seedProbability =>
  maskShares.flatMap(share =>
    smallestDiametersMm.flatMap(smallestDiameterMm =>
      compactnesses.map(leastCompactness => ({
        seedProbability,
        maskProbability: Math.round(seedProbability * share * 100) / 100,
        smallestDiameterMm,
        leastCompactness,
      })),
    ),
  ),
)

/** The scan judged under each rule, in the order of `rules`. Rules with equal probabilities share their regions. */
export function judgeUnderRules(
  truth: ScanTruth,
  volume: Volume,
  prediction: Prediction,
  malignancy: readonly number[],
  rules: readonly CandidateRule[],
): JudgedScan[] {
  const { probability, lungField } = prediction
  const labels = new Uint8Array(probability.length)
  const known = new Map<string, readonly Candidate[]>()
  return rules.map(rule => {
    const key = `${rule.seedProbability} ${rule.maskProbability}`
    const regions = known.get(key) ?? collectRegions(probability, volume, lungField, rule, labels)
    known.set(key, regions)
    const { kept } = pickCandidates(regions, rule)
    kept.forEach(({ voxels }, i) => voxels.forEach(voxel => (labels[voxel] = i + 1)))
    const findings = kept.map(({ voxels }) => ({ centreRasMm: centroidRasMm(voxels, volume) }))
    const judged = judgeScan(truth, { findings, labels }, malignancy)
    for (const { voxels } of kept) for (const voxel of voxels) labels[voxel] = 0
    return judged
  })
}

export interface ChosenRule {
  /** Its place among the rules that were tried. */
  readonly index: number
  readonly rule: CandidateRule
  readonly sensitivity: number
  readonly falsePositivesPerScan: number
  readonly diceOfFound: number
}

/**
 * The most sensitive rule with at most `bearable` false positives a scan (the fewest false positives if none has so
 * few), Dice deciding between equals. `judged` is [scan][rule].
 */
export function chooseRule(
  rules: readonly CandidateRule[],
  judged: readonly (readonly JudgedScan[])[],
  bearable = 2,
): ChosenRule {
  const results = rules.map((rule, i): ChosenRule => {
    const { sensitivity, falsePositivesPerScan, diceOfFound } = summarise(
      judged.map(scan => scan[i]),
      0,
    )
    return {
      index: i,
      rule,
      sensitivity: sensitivity.value || 0,
      falsePositivesPerScan: falsePositivesPerScan.value,
      diceOfFound: diceOfFound.value || 0,
    }
  })
  const fits = results.filter(result => result.falsePositivesPerScan <= bearable)
  if (fits.length === 0)
    return results.reduce((best, each) =>
      each.falsePositivesPerScan < best.falsePositivesPerScan ? each : best,
    )
  const merit = ({ sensitivity, diceOfFound }: ChosenRule) => sensitivity + diceOfFound / 1000
  return fits.reduce((best, each) => (merit(each) > merit(best) ? each : best))
}
