// What Train mode holds outside the store: pictures of labelled cases, the boxes that a run reads.
import type { Triple } from '../base/shape.ts'
import type { AugmentedCrop, CaseThumbnail, CropSet } from './labelledProtocol.ts'

/** The boxes of the run that is shown, and what of them its network sees. */
export interface HeldCrops {
  readonly crops: CropSet
  /** The network's crop, the middle of a box. */
  readonly shape: Triple
  /** Null until the run has begun. */
  readonly runId: string | null
}

export interface HeldTraining {
  /** By the index of the case. */
  readonly thumbnails: Map<number, CaseThumbnail>
  crops: HeldCrops | undefined
  /** A case that augmentation is previewed on, and what becomes of it. */
  augmented: readonly AugmentedCrop[]
}

export function createHeldTraining(): HeldTraining {
  return { thumbnails: new Map(), crops: undefined, augmented: [] }
}
