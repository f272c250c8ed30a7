// Figures of one model's probabilities on one set of cases, each as a statistic of weighted cases, so that they can be
// drawn again together with those of another model.
import { brierOf, calibrationError, reliabilityBins, type Claim } from './calibration.ts'
import type { ClassFigures } from './report.ts'
import { estimate, meanOf, type Resampling, type Statistic } from './resampling.ts'
import { aucStatistic, rocCurve } from './roc.ts'

/** One model's answers on a set of cases, in their order. */
export interface Answers {
  readonly labels: readonly number[]
  readonly classCount: number
  readonly probabilities: readonly (readonly number[])[]
  readonly called: readonly number[]
}

/** Of two classes the last one from the threshold on, beyond two the likeliest. */
export function callClass(probabilities: readonly number[], threshold: number): number {
  if (probabilities.length === 2) return Number(probabilities[1] >= threshold)
  return probabilities.reduce((best, p, index) => (p > probabilities[best] ? index : best), 0)
}

function aucAgainstRest({ labels, probabilities }: Pick<Answers, 'labels' | 'probabilities'>, index: number) {
  return aucStatistic(
    probabilities.map(p => p[index]),
    labels.map(label => label === index),
  )
}

/** Plain AUC of two classes; beyond two the mean over the classes of each against the rest (Hand & Till's macro mean). */
export function aucOfAnswers({ labels, classCount, probabilities }: Answers): Statistic {
  if (classCount === 2) return aucAgainstRest({ labels, probabilities }, 1)
  const each = Array.from({ length: classCount }, (_, index) =>
    aucAgainstRest({ labels, probabilities }, index),
  )
  return weights => each.reduce((sum, auc) => sum + auc(weights), 0) / classCount
}

function recallOf({ labels, called }: Answers, index: number): Statistic {
  return meanOf(labels.map((label, i) => (label === index ? Number(called[i] === index) : null)))
}

export function balancedAccuracyOf(answers: Answers): Statistic {
  const each = Array.from({ length: answers.classCount }, (_, index) => recallOf(answers, index))
  return weights => each.reduce((sum, recall) => sum + recall(weights), 0) / answers.classCount
}

export function brierStatistic({ probabilities, labels }: Answers): Statistic {
  return meanOf(probabilities.map((p, i) => brierOf(p, labels[i])))
}

function claimsOf({ probabilities, labels, called, classCount }: Answers): Claim[] {
  return probabilities.map((p, i) =>
    classCount === 2
      ? { probability: p[1], cameTrue: labels[i] === 1 }
      : { probability: p[called[i]], cameTrue: labels[i] === called[i] },
  )
}

export function classFigures(answers: Answers, resampling: Resampling): ClassFigures {
  const { labels, classCount, probabilities, called } = answers
  const indices = Array.from({ length: classCount }, (_, index) => index)
  const recallByClass = indices.map(index => estimate(recallOf(answers, index), resampling))
  const claims = claimsOf(answers)
  const isBinary = classCount === 2
  return {
    auc: estimate(aucOfAnswers(answers), resampling),
    aucByClass: isBinary ? [] : indices.map(index => estimate(aucAgainstRest(answers, index), resampling)),
    sensitivity: isBinary ? recallByClass[1] : null,
    specificity: isBinary ? recallByClass[0] : null,
    recallByClass,
    balancedAccuracy: estimate(balancedAccuracyOf(answers), resampling),
    calibrationError: estimate(calibrationError(claims), resampling),
    brier: estimate(brierStatistic(answers), resampling),
    confusion: indices.map(label =>
      indices.map(other => labels.filter((own, i) => own === label && called[i] === other).length),
    ),
    reliability: reliabilityBins(claims),
    roc: isBinary
      ? rocCurve(
          probabilities.map(p => p[1]),
          labels.map(label => label === 1),
          resampling,
        )
      : null,
  }
}
