// What fine-tuning reads: a box of one size around each lesion, cut once, without a name in it. It is small enough to stay
// in memory and to be kept with a run, so that a run goes on after a reload without its files.
import type { Triple } from '../../base/shape.ts'

export interface CropCase {
  /** Cases of one patient have one number; the numbers say nothing else. */
  readonly patient: number
  /** Index into the set's classes; null where the case has no label. */
  readonly label: number | null
  readonly isIndeterminate: boolean
  /** Without one, its part of `masks` is empty and says nothing. */
  readonly hasMask: boolean
  readonly volumeMm3: number | null
  readonly synthetic: boolean
  /** SHA-256 of the box's HU and mask: two cases of one content are duplicates. */
  readonly identity: string
  /**
   * SHA-256 of its scan's grid and HU, by which a model knows later what it has learnt from; of what was cut before there
   * was one, absent. It says nothing to those who do not have the scan; a patient's ID could be guessed from its hash.
   */
  readonly scan?: string
}

export interface CropSet {
  /** Voxels of a box, (D,H,W): the network's crop and a margin for augmentation. */
  readonly shape: Triple
  readonly spacingMm: Triple
  readonly classes: readonly string[]
  readonly cases: readonly CropCase[]
  /** HU, [N, D,H,W], padded with −1024 outside of the scan; each box is centred on its case's centre. */
  readonly hu: Int16Array
  /** 1 in the lesion, [N, D,H,W]; null where no case has a mask. */
  readonly masks: Uint8Array | null
}
