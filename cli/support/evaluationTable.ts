// An evaluation as a table in Markdown, as it is printed and stands in a model's card.
import { countedDiameterMm, type Evaluation, type MalignancyEvaluation } from '../../src/training/evaluate.ts'
import type { Interval } from '../../src/training/metrics.ts'

const head = ['| figure | value [95 % interval] | goal |', '|---|---|---|']

function asText({ value, low, high }: Interval): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
}

function malignancyRows(result: MalignancyEvaluation): string[] {
  return [
    `| malignancy AUC, all ${result.nodules} nodules | ${asText(result.malignancyAuc)} | ≥ 0.80 |`,
    `| — of the best possible reader (Bayes) | ${asText(result.bayesAuc)} | |`,
    `| — of diameter alone | ${asText(result.diameterAuc)} | |`,
  ]
}

export function malignancyTable(result: MalignancyEvaluation): string {
  return [...head, ...malignancyRows(result)].join('\n')
}

export function evaluationTable(result: Evaluation): string {
  return [
    ...head,
    `| sensitivity, nodules ≥ ${countedDiameterMm} mm (${result.countedNodules}) | ${asText(result.sensitivity)} | ≥ 0.80 |`,
    `| false positives a scan | ${asText(result.falsePositivesPerScan)} | ≤ 2 |`,
    `| Dice of those found | ${asText(result.diceOfFound)} | ≥ 0.6 |`,
    ...malignancyRows(result),
  ].join('\n')
}
