// What the history keeps of an update of fine-tuning, and what whoever follows the run is shown beside it.
import type { HistoryRow } from '../run/history.ts'
import type { HeldOutline } from './heldOutlines.ts'

/** Features are computed once (probe); a fold is trained and judged; the kept model is trained on all cases. */
export type FinetuneStage = 'features' | 'fold' | 'final'

export interface ValidationFigures {
  /** Mean over the cases: cross entropy, or 1 − Dice. */
  readonly loss: number
  readonly score: number
  /** AUC of two classes, accuracy of more, mean Dice of masks. */
  readonly scoreName: 'AUC' | 'accuracy' | 'Dice'
}

export interface FinetuneFigures {
  readonly stage: FinetuneStage
  /** 0-based; 0 of a hold-out; the number of folds while the kept model is trained. */
  readonly fold: number
  /** 0-based, of `epochs`. */
  readonly epoch: number
  readonly epochs: number
  /** Mean of the update's passes; null where nothing is minimised by gradients. */
  readonly loss: number | null
  readonly learningRate: number
  readonly cropsPerSecond: number
  /** At the end of an epoch, by the averaged weights: on the cases that early stopping watches, or on those held out. */
  readonly validation?: ValidationFigures
}

export type FinetuneRow = HistoryRow & FinetuneFigures

/** What the model says of one crop: classes or an outline. */
export interface CropPrediction {
  readonly probabilities: readonly number[] | null
  /** [D,H,W] of the network's crop, of a case the middle of its box: 1 where the lesion is predicted. */
  readonly mask: Uint8Array | null
}

/** What it says of one case that it does not learn from. */
export interface ExamplePrediction extends CropPrediction {
  /** Index into the crop set. */
  readonly at: number
}

/** What it says of the scan that was open when the run began. */
export interface FollowedPrediction extends CropPrediction {
  /** Index into the crop set of the case that is shown; null for another place. */
  readonly at: number | null
  /** Whether the model learns from cases of this scan's patient, from others of the set alone, or does not know the patient. */
  readonly use: 'learnt' | 'held' | 'foreign'
  /** HU, [D,H,W] of the network's crop; null where it is a case. */
  readonly hu: Int16Array | null
}

export interface ExamplesMessage {
  readonly kind: 'examples'
  readonly stage: FinetuneStage
  readonly fold: number
  /** 1 of a hold-out. */
  readonly folds: number
  readonly epoch: number
  /** Empty while the kept model of folds is trained, which holds nothing out. */
  readonly examples: readonly ExamplePrediction[]
  /** Null where no scan is followed. */
  readonly followed: FollowedPrediction | null
}

/** What the model of a fold outlined of the cases that were held out, when the fold has ended. */
export interface OutlinesMessage {
  readonly kind: 'outlines'
  readonly outlines: readonly HeldOutline[]
}

export type FinetuneMessage = ExamplesMessage | OutlinesMessage
