// Labelled cases as people have them, before anything is cut out of them: what is known of each without its voxels, and a
// way to open one. A case is one lesion: two lesions of a scan are two cases of one patient.
import type { Triple } from '../../base/shape.ts'
import type { PointMm } from '../../volume/geometry.ts'
import type { Volume } from '../../volume/volume.ts'

export interface LabelledCase {
  /** What its files or its table call it: for the screen, never for what is stored. */
  readonly id: string
  /** Cases of one patient stay on one side of every split. Where nobody says it, the case's own id. */
  readonly patient: string
  /** Index into the cohort's classes; null where the case has no label. */
  readonly label: number | null
  /** The reader could not decide (malignancy 3 of 5): reported with and without. */
  readonly isIndeterminate: boolean
  readonly hasMask: boolean
  /** Of the mask, or what the table says; null where neither does. */
  readonly volumeMm3: number | null
  readonly synthetic: boolean
  /** Of the image. */
  readonly grid: { readonly shape: Triple; readonly spacingMm: Triple }
}

/** A case with its voxels. */
export interface OpenLabelledCase {
  readonly volume: Volume
  /** On the volume's grid, 1 in the lesion; null where the case has none. */
  readonly mask: Uint8Array | null
  /** Centroid of the mask, or what the table or the finding says, or the volume's centre. */
  readonly centreRasMm: PointMm
}

/** What is wrong with one case, in a sentence with its id; it is left out. */
export interface LeftOut {
  readonly id: string
  readonly why: string
}

export interface LabelledCohort {
  /** Names of the classes in label order; the positive one of two is the last. Empty where no case has a label. */
  readonly classes: readonly string[]
  readonly cases: readonly LabelledCase[]
  readonly leftOut: readonly LeftOut[]
  /** What was done to the data that its owner should know: masks resampled, duplicates dropped. */
  readonly notices: readonly string[]
  /** @throws InputError in a sentence with the case's id. */
  open(index: number): Promise<OpenLabelledCase>
  /** Frees what was read. */
  release(): void
}
