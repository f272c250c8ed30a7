// Which probability makes a candidate: chosen on validation scans only, by sensitivity at a bearable number of false
// positives. One prediction serves every rule, because rules read the probability volume alone.
import type { CandidateRule } from '../prediction/candidates.ts'
import { findCandidates } from '../prediction/candidates.ts'
import { measureNodule } from '../prediction/measure.ts'
import type { Prediction } from '../prediction/predict.ts'
import type { Volume } from '../volume/volume.ts'
import { judgeScan, summarise, type JudgedScan, type ScanTruth } from './evaluate.ts'

const seeds = [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]
const maskShares = [0.4, 0.6, 0.8]
const smallestDiametersMm = [3, 4, 5]

/** All rules that are tried: thresholds to seed and to delimit a candidate, and the least size. */
export const triedRules: readonly CandidateRule[] = seeds.flatMap(seedProbability =>
  maskShares.flatMap(share =>
    smallestDiametersMm.map(smallestDiameterMm => ({
      seedProbability,
      maskProbability: Math.round(seedProbability * share * 100) / 100,
      smallestDiameterMm,
    })),
  ),
)

/** The scan judged under each rule, in the order of `rules`. */
export function judgeUnderRules(
  truth: ScanTruth,
  volume: Volume,
  prediction: Prediction,
  malignancy: readonly number[],
  rules: readonly CandidateRule[],
): JudgedScan[] {
  const { probability, lungField } = prediction
  const labels = new Uint8Array(probability.length)
  return rules.map(rule => {
    labels.fill(0)
    const { kept } = findCandidates(probability, volume, lungField, rule, labels)
    const findings = kept.map(({ voxels }, i) => {
      for (const voxel of voxels) labels[voxel] = i + 1
      return { centreRasMm: measureNodule(voxels, volume, volume.hu).centreRasMm }
    })
    return judgeScan(truth, { findings, labels }, malignancy)
  })
}

export interface ChosenRule {
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
