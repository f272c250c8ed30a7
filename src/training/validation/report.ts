// What honest validation says of a model, as plain data for screens, tables, cards and JSON. A figure that cannot be had is
// null and a remark says why; NaN never stands in a report.

export const researchNotice = 'Research use — not for clinical use'

/** A figure with its 95 % bootstrap interval over patients; no interval where there are too few patients for one. */
export interface Figure {
  readonly value: number
  readonly interval: readonly [low: number, high: number] | null
}

/** What was judged, on what and how: sentences and names for people. */
export interface Compared {
  /** Name of the judged model. */
  readonly after: string
  /** Name of the start model; null where there is none. */
  readonly before: string | null
  /** The data: how many, of what; never a file's name. */
  readonly data: string
  readonly synthetic: boolean
  /** How cases were kept unseen, e.g. “5 folds by patient”. */
  readonly how: string
  /** A sentence where a model has learnt from what is judged; absent where nothing is known of that. */
  readonly seen?: string
}

export type Rival = 'start' | 'size'

/** Judged model − rival on the same patients. */
export interface Comparison {
  readonly rival: Rival
  readonly measure:
    'AUC' | 'balanced accuracy' | 'Brier score' | 'Dice' | 'absolute volume error' | 'surface distance'
  readonly difference: Figure
  /** Who is better by the figure itself. */
  readonly better: 'after' | 'rival' | 'neither'
  /** The interval leaves 0 out. */
  readonly isClear: boolean
  /** Who is better, by how much, and whether the interval allows the claim. */
  readonly sentence: string
}

export interface ReliabilityBin {
  /** Edges of predicted probability: from ≤ p < to; the last bin holds 1. */
  readonly from: number
  readonly to: number
  readonly count: number
  /** Both null in an empty bin. */
  readonly meanProbability: number | null
  readonly observedShare: number | null
}

export interface RocCurve {
  /** Corners of the empirical curve, from (0, 0) to (1, 1). */
  readonly points: readonly RocPoint[]
  /** Pointwise 95 % bootstrap band of sensitivity at even steps of 1 − specificity; empty where there is no interval. */
  readonly band: readonly {
    readonly falsePositiveRate: number
    readonly low: number
    readonly high: number
  }[]
}

export interface RocPoint {
  readonly falsePositiveRate: number
  readonly sensitivity: number
  /** Cases from this score on count as positive; null at (0, 0). */
  readonly threshold: number | null
}

export interface ClassFigures {
  /** Of two classes the plain one, beyond two the mean of one class against the rest. */
  readonly auc: Figure | null
  /** Of each class against the rest; empty of two classes, where it would say the same twice. */
  readonly aucByClass: readonly (Figure | null)[]
  /** Of two classes; null beyond two. */
  readonly sensitivity: Figure | null
  readonly specificity: Figure | null
  /** Of each class the share that was called so. */
  readonly recallByClass: readonly (Figure | null)[]
  /** Mean of the classes' recalls. */
  readonly balancedAccuracy: Figure | null
  /** Expected calibration error over the bins of `reliability`. */
  readonly calibrationError: Figure | null
  /** Of two classes mean (p − y)², beyond two summed over the classes. */
  readonly brier: Figure | null
  /** Cases, [true class][called class]. */
  readonly confusion: readonly (readonly number[])[]
  /** Ten even bins: of two classes of the positive one's probability, beyond two of the called class's. */
  readonly reliability: readonly ReliabilityBin[]
  /** Of two classes; null beyond two and where a class is missing. */
  readonly roc: RocCurve | null
}

/** The judged cases, all of them or those that the reader could decide. */
export interface ClassSet {
  readonly which: 'all' | 'decided'
  readonly cases: number
  readonly patients: number
  readonly casesByClass: readonly number[]
  readonly after: ClassFigures
  /** Null where the start model has no answer for these classes. */
  readonly before: ClassFigures | null
  /** Volume as the score; null beyond two classes and where a volume is missing. */
  readonly size: { readonly auc: Figure | null; readonly roc: RocCurve | null } | null
  readonly comparisons: readonly Comparison[]
}

/** Figures of models that learnt from a share of the labels, on the same cases. */
export interface ShareRow {
  /** 0.25, 0.5 or 1. */
  readonly share: number
  readonly cases: number
  /** AUC of classes (all cases), Dice of masks. */
  readonly figure: Figure | null
  /** Minus the model of the largest share, paired; null for that model itself. */
  readonly difference: Figure | null
}

export interface WorstClass {
  /** Index into the crop set. */
  readonly at: number
  readonly label: number
  readonly called: number
  /** Of the true class: the worst are those with the least. */
  readonly probability: number
  readonly isIndeterminate: boolean
}

export interface ClassReport {
  readonly schemaVersion: 1
  readonly kind: 'classes'
  readonly notice: typeof researchNotice
  readonly compared: Compared
  readonly classes: readonly string[]
  /** Of two classes, how a case is called: 'half' from 0.5 on, 'training' by a threshold of the training cases. */
  readonly threshold: {
    readonly origin: 'half' | 'training' | 'likeliest'
    /** Smallest and largest that was used: folds have their own. */
    readonly range: readonly [number, number] | null
  }
  readonly bootstrap: { readonly draws: number; readonly seed: number }
  /** All cases; then the decided ones, where some are not. */
  readonly sets: readonly ClassSet[]
  /** Most confident wrong first; only cases that were called wrongly. */
  readonly worst: readonly WorstClass[]
  /** Largest share first; empty where one share was judged. */
  readonly shares: readonly ShareRow[]
  /** Sentences: what is missing and why, what to be careful about. */
  readonly remarks: readonly string[]
}

export interface MaskFigures {
  readonly dice: Figure | null
  /** Mean of (predicted − true) / true: its bias. */
  readonly volumeError: Figure | null
  readonly absoluteVolumeError: Figure | null
  /** Mean over the cases that have one. */
  readonly surfaceDistanceMm: Figure | null
  readonly hausdorff95Mm: Figure | null
  /** Cases without a surface distance: nothing predicted, or nothing there. */
  readonly withoutSurface: number
}

export interface WorstMask {
  readonly at: number
  readonly dice: number
  readonly before: number | null
}

export interface MaskReport {
  readonly schemaVersion: 1
  readonly kind: 'masks'
  readonly notice: typeof researchNotice
  readonly compared: Compared
  readonly bootstrap: { readonly draws: number; readonly seed: number }
  readonly cases: number
  readonly patients: number
  readonly after: MaskFigures
  readonly before: MaskFigures | null
  readonly comparisons: readonly Comparison[]
  /** Least Dice first. */
  readonly worst: readonly WorstMask[]
  readonly shares: readonly ShareRow[]
  readonly remarks: readonly string[]
}

export type ValidationReport = ClassReport | MaskReport
