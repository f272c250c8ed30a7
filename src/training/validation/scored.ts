// What a model said of cases that it has not seen, as everything that judges it reads it.

export interface ScoredClass {
  /** Unit of the bootstrap: cases of one patient are drawn together. */
  readonly patient: number
  readonly label: number
  readonly isIndeterminate: boolean
  readonly volumeMm3: number | null
  /** Probability of each class, sums to 1. */
  readonly probabilities: readonly number[]
  /** The same from the start model, where it has an answer for these classes. */
  readonly before: readonly number[] | null
  /** Index into the crop set: which case this was. */
  readonly at: number
  /** Of two classes: from which probability on a case counts as the last one, chosen on cases that this model was trained
   *  on (`chooseThreshold`); 0.5 where it is missing. */
  readonly threshold?: number
}

export interface ScoredMask {
  readonly patient: number
  readonly at: number
  readonly volumeMm3: number | null
  readonly after: MaskScore
  /** Of the start model; null when the run began from scratch. */
  readonly before: MaskScore | null
}

/** Of one predicted mask within its box, at the model's spacing. */
export interface MaskScore {
  /** 1 where both masks are empty. */
  readonly dice: number
  /** Relative: (predicted − true) / true; null where the true mask is empty. */
  readonly volumeError: number | null
  /** Mean symmetric surface distance, mm; null where one of the masks is empty. */
  readonly surfaceDistanceMm: number | null
  /** Larger of the two directed 95th percentiles, mm; null where one of the masks is empty. */
  readonly hausdorff95Mm: number | null
}
