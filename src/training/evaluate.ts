// How good a model is on phantoms whose truth is known: detection by LUNA16's rule, overlap, malignancy beside what
// diameter alone and the best possible reader (Bayes, from the true likelihood ratios) reach.
import type { Finding } from '../prediction/finding.ts'
import type { Prediction } from '../prediction/predict.ts'
import type { Grid } from '../base/shape.ts'
import { areaUnderRoc, bootstrap, matchFindings, type Interval } from './metrics.ts'

export interface TruthNodule {
  readonly centreRasMm: readonly [number, number, number]
  readonly radiusMm: number
  readonly longAxisMm: number
  readonly malignant: boolean
  readonly likelihoodRatio: number
}

export interface ScanTruth {
  readonly seed: number
  readonly grid: Grid
  /** [D,H,W] of the grid: index into `nodules` + 1. */
  readonly instances: ArrayLike<number>
  readonly nodules: readonly TruthNodule[]
}

/** One true nodule after its scan was predicted. */
export interface JudgedNodule {
  readonly diameterMm: number
  readonly isFound: boolean
  /** Dice of the hit's mask with the nodule; NaN when it was missed. */
  readonly dice: number
  readonly malignant: boolean
  readonly likelihoodRatio: number
  /** Classifier on a crop centred on the TRUE nodule. */
  readonly malignancy: number
}

export interface JudgedScan {
  readonly seed: number
  readonly nodules: readonly JudgedNodule[]
  readonly falsePositives: number
}

/** Smallest diameter that the detection goal counts, mm. */
export const countedDiameterMm = 6

/** Compares one prediction with the truth. `malignancy` holds the classifier's value for each true nodule. */
export function judgeScan(
  truth: ScanTruth,
  prediction: Pick<Prediction, 'labels'> & { readonly findings: readonly Pick<Finding, 'centreRasMm'>[] },
  malignancy: readonly number[],
): JudgedScan {
  const centres = prediction.findings.map(finding => finding.centreRasMm)
  const { findingOfNodule, falsePositives } = matchFindings(truth.nodules, centres)
  const dice = overlaps(truth, prediction.labels, findingOfNodule)
  return {
    seed: truth.seed,
    falsePositives: falsePositives.length,
    nodules: truth.nodules.map((nodule, i) => ({
      diameterMm: 2 * nodule.radiusMm,
      isFound: findingOfNodule[i] >= 0,
      dice: dice[i],
      malignant: nodule.malignant,
      likelihoodRatio: nodule.likelihoodRatio,
      malignancy: malignancy[i],
    })),
  }
}

/** Dice of each nodule with the finding that hit it, NaN without one; one walk over the volume for all. */
function overlaps(
  { instances, nodules }: ScanTruth,
  labels: ArrayLike<number>,
  findingOfNodule: readonly number[],
): number[] {
  const both = new Float64Array(nodules.length)
  const truthSize = new Float64Array(nodules.length)
  const findingSize = new Float64Array(1 + Math.max(0, ...findingOfNodule.map(finding => finding + 1)))
  for (let i = 0; i < instances.length; i++) {
    const [instance, label] = [instances[i], labels[i]]
    if (label < findingSize.length) findingSize[label]++
    if (instance === 0) continue
    truthSize[instance - 1]++
    if (label > 0 && label === findingOfNodule[instance - 1] + 1) both[instance - 1]++
  }
  return nodules.map((_, i) =>
    findingOfNodule[i] < 0 ? NaN : (2 * both[i]) / (truthSize[i] + findingSize[findingOfNodule[i] + 1]),
  )
}

/** How well malignancy is told on crops centred on true nodules, beside what diameter alone and the best reader reach. */
export interface MalignancyEvaluation {
  readonly scans: number
  readonly nodules: number
  readonly malignancyAuc: Interval
  readonly bayesAuc: Interval
  readonly diameterAuc: Interval
}

export interface Evaluation extends MalignancyEvaluation {
  readonly countedNodules: number
  /** Found among nodules of at least `countedDiameterMm`. */
  readonly sensitivity: Interval
  readonly falsePositivesPerScan: Interval
  /** Mean over found nodules of at least `countedDiameterMm`. */
  readonly diceOfFound: Interval
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

type MalignancyScan = {
  readonly nodules: readonly Pick<
    JudgedNodule,
    'diameterMm' | 'malignant' | 'likelihoodRatio' | 'malignancy'
  >[]
}

/** Areas under the ROC curve; intervals by bootstrap over scans, since nodules of one scan are no independent draws. */
export function summariseMalignancy(scans: readonly MalignancyScan[], draws = 2000): MalignancyEvaluation {
  type Nodule = MalignancyScan['nodules'][number]
  const aucOf = (score: (nodule: Nodule) => number) =>
    bootstrap(
      scans,
      sample => {
        const nodules = sample.flatMap(scan => scan.nodules)
        return areaUnderRoc(
          nodules.map(score),
          nodules.map(nodule => nodule.malignant),
        )
      },
      { draws },
    )
  return {
    scans: scans.length,
    nodules: scans.reduce((count, scan) => count + scan.nodules.length, 0),
    malignancyAuc: aucOf(nodule => nodule.malignancy),
    bayesAuc: aucOf(nodule => nodule.likelihoodRatio),
    diameterAuc: aucOf(nodule => nodule.diameterMm),
  }
}

/** Metrics over judged scans; intervals by bootstrap over scans, since nodules of one scan are no independent draws. */
export function summarise(scans: readonly JudgedScan[], draws = 2000): Evaluation {
  const interval = (statistic: (sample: readonly JudgedScan[]) => number) =>
    bootstrap(scans, statistic, { draws })
  const all = (sample: readonly JudgedScan[]) => sample.flatMap(scan => scan.nodules)
  const counted = (sample: readonly JudgedScan[]) =>
    all(sample).filter(nodule => nodule.diameterMm >= countedDiameterMm)
  return {
    ...summariseMalignancy(scans, draws),
    countedNodules: counted(scans).length,
    sensitivity: interval(sample => mean(counted(sample).map(nodule => Number(nodule.isFound)))),
    falsePositivesPerScan: interval(sample => mean(sample.map(scan => scan.falsePositives))),
    diceOfFound: interval(sample =>
      mean(
        counted(sample)
          .filter(n => n.isFound)
          .map(n => n.dice),
      ),
    ),
  }
}
