// What a fine-tuning run may be asked for. Settings, crop set and start decide what it computes, bit for bit.
import type { Triple } from '../../base/shape.ts'
import type { NetworkEntry } from '../../network/model.ts'

/**
 * What is learnt: the lesion's voxels; a class of a lesion (malignancy, or the classes of a table); the response of a
 * whole lesion to treatment (as classify, with the crop's spacing chosen so that large lesions fit).
 */
export type FinetuneTask = 'segment' | 'classify' | 'respond'

/** Linear head on features that are computed once; head or decoder only; everything; low-rank adapters on the attention. */
export type FinetuneMethod = 'probe' | 'head' | 'full' | 'lora'

export interface AugmentOptions {
  readonly flip: boolean
  /** Largest angle about each axis, degrees. */
  readonly rotationDegrees: number
  /** Largest relative change of size. */
  readonly scaling: number
  readonly shiftVoxels: number
  /** Largest offset, HU, and largest relative change about −1000 HU … of contrast. */
  readonly huOffset: number
  readonly contrast: number
  /** Standard deviation, HU. */
  readonly noiseHu: number
}

/** How the cases are divided; always by patient, and by seed. */
export type Validation =
  /** Each case is judged once, by a model that has not seen its patient; the kept model is then trained on all. */
  | { readonly kind: 'folds'; readonly folds: number }
  /** Shares of the patients; the test part is opened once, when the run is finished. */
  | { readonly kind: 'holdout'; readonly validation: number; readonly test: number }

export interface FinetuneSettings {
  readonly task: FinetuneTask
  readonly method: FinetuneMethod
  /** What the start model is, by name, version and identity; 'scratch' draws the parameters from the seed. */
  readonly start: { readonly name: string; readonly version: string; readonly identity: string } | 'scratch'
  /** Network of the new model: configuration, crop, spacing, window, labels. */
  readonly entry: NetworkEntry
  readonly boxShape: Triple
  readonly validation: Validation
  /** Share of the training labels that is used, by class: 0.25, 0.5 or 1. */
  readonly labelShare: number
  /** Passes over the training cases. */
  readonly epochs: number
  readonly batch: number
  /** Passes whose gradients make one update. */
  readonly accumulate: number
  readonly learningRate: number
  readonly warmupSteps: number
  readonly weightDecay: number
  /** Factor of the learning rate from each stage to the one before it; 1 for none. */
  readonly layerDecay: number
  readonly loraRank: number
  /** Classes count inversely to how often they occur. */
  readonly balanceClasses: boolean
  readonly labelSmoothing: number
  readonly augment: AugmentOptions
  /** Epochs without a better validation loss after which a fold ends; null for never. */
  readonly patience: number | null
  /** Averaging of the weights that are judged and kept; 0 for none. */
  readonly averaging: number
  readonly seed: number
}
