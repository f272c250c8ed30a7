// What Train mode holds outside the store: pictures of labelled cases and the boxes that a run reads.
import type { AugmentedCrop, CaseThumbnail, CropSet } from './labelledProtocol.ts'

export interface HeldCrops {
  readonly crops: CropSet
  /** Which case of the open data each box is; undefined where the data is not open, as after a reload. */
  readonly cases: Int32Array | undefined
}

export interface HeldTraining {
  /** By the index of the case. */
  readonly thumbnails: Map<number, CaseThumbnail>
  /** Of the open data, as it was cut last. */
  crops: HeldCrops | undefined
  /** The box that augmentation is previewed on, and what became of it. */
  augmented: readonly AugmentedCrop[]
}

export function createHeldTraining(): HeldTraining {
  return { thumbnails: new Map(), crops: undefined, augmented: [] }
}
