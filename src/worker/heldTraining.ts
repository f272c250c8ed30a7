// What Train mode holds outside the store: pictures of labelled cases, the boxes that a run reads, what it says of some.
import type { Triple } from '../base/shape.ts'
import type { AugmentedCrop, CaseThumbnail, CropSet } from './labelledProtocol.ts'

/** The boxes of the run that is shown, and what of them its network sees. */
export interface HeldCrops {
  readonly crops: CropSet
  /** The network's crop, the middle of a box. */
  readonly shape: Triple
}

/** The network's crop of a case, and what a run says of it. */
export interface HeldExample {
  /** Index into the crop set. */
  readonly at: number
  readonly shape: Triple
  /** HU, [D,H,W] of `shape`, as are the masks. */
  readonly hu: Int16Array
  readonly truth: Uint8Array | null
  readonly mask: Uint8Array | null
  readonly probabilities: readonly number[] | null
  /** Null where nothing was outlined or the truth is not known. */
  readonly dice: number | null
}

export interface HeldTraining {
  /** By the index of the case. */
  readonly thumbnails: Map<number, CaseThumbnail>
  crops: HeldCrops | undefined
  /** A case that augmentation is previewed on, and what becomes of it. */
  augmented: readonly AugmentedCrop[]
  /** After the last epoch. */
  examples: readonly HeldExample[]
}

export function createHeldTraining(): HeldTraining {
  return { thumbnails: new Map(), crops: undefined, augmented: [], examples: [] }
}
