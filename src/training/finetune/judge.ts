// Judges cases that a model does not learn from: their probabilities or masks, and what a curve shows of them.
import { areaUnderRoc } from '../metrics.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import type { ParameterValues } from '../../network/parameters.ts'
import { boxOf, centreBox } from './augmentBox.ts'
import { judgedImage } from './batches.ts'
import type { CropPrediction, ExamplePrediction, ValidationFigures } from './figures.ts'
import type { Forward } from './forward.ts'
import { chooseThreshold } from '../validation/roc.ts'
import { maskProbability } from '../validation/scoreModel.ts'
import { maskRow } from './scores.ts'
import type { FinetuneSettings } from './settings.ts'

/** What the network's row of one crop says. */
export function predictionOf(row: ArrayLike<number>, task: FinetuneSettings['task']): CropPrediction {
  if (task !== 'segment') return { probabilities: Array.from(row), mask: null }
  const mask = Uint8Array.from(row, probability => (probability >= maskProbability ? 1 : 0))
  return { probabilities: null, mask }
}

export interface Judged {
  readonly at: number
  /** What a score table keeps: probabilities, or a mask's score. */
  readonly row: readonly number[]
  readonly mask: Uint8Array | null
}

/** Judges the cases `picked` by the network with these parameters. */
export async function judgeCases(
  crops: CropSet,
  picked: readonly number[],
  settings: FinetuneSettings,
  forward: Forward,
  values: ParameterValues,
): Promise<Judged[]> {
  const rows = await forward.run(
    picked.map(at => judgedImage(crops, at, settings)),
    values,
  )
  return picked.map((at, i) => {
    const { probabilities, mask } = predictionOf(rows[i], settings.task)
    if (!mask) return { at, row: probabilities!, mask }
    const truth = centreBox(boxOf(crops, at), settings.entry.shape).mask!
    return { at, row: maskRow(mask, truth, settings.entry.shape, crops.spacingMm), mask }
  })
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** What the curve of an epoch shows. Losses are rounded to what a save keeps of them. */
export function validationFigures(
  judged: readonly Judged[],
  crops: CropSet,
  { task }: Pick<FinetuneSettings, 'task'>,
): ValidationFigures {
  if (task === 'segment') {
    const dice = mean(judged.map(({ row }) => row[0]))
    return { loss: Math.fround(1 - dice), score: dice, scoreName: 'Dice' }
  }
  const labels = judged.map(({ at }) => crops.cases[at].label!)
  const losses = judged.map(({ row }, i) => -Math.log(Math.max(1e-7, row[labels[i]])))
  const loss = Math.fround(mean(losses))
  const auc =
    crops.classes.length === 2
      ? areaUnderRoc(
          judged.map(({ row }) => row[1]),
          labels.map(label => label === 1),
        )
      : NaN
  if (!Number.isNaN(auc)) return { loss, score: auc, scoreName: 'AUC' }
  const hits = judged.map(({ row }, i) => Number(row.indexOf(Math.max(...row)) === labels[i]))
  return { loss, score: mean(hits), scoreName: 'accuracy' }
}

/** Of two classes: the threshold that suits cases that the model was trained on. */
export function thresholdOf(seen: readonly Pick<Judged, 'at' | 'row'>[], crops: CropSet): number {
  return chooseThreshold(
    seen.map(({ row }) => row[1]),
    seen.map(({ at }) => crops.cases[at].label === 1),
  )
}

/** The first few of them, for whoever watches. */
export function examplesOf(judged: readonly Judged[], count = 4): ExamplePrediction[] {
  return judged.slice(0, count).map(({ at, row, mask }) => ({ at, probabilities: mask ? null : row, mask }))
}
