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
  /** What the table's split column says of it ('train', 'test', a fold); absent where there is none. */
  readonly split?: string
}

/** A case with its voxels. */
export interface OpenLabelledCase {
  readonly volume: Volume
  /** On the volume's grid, 1 in the lesion; null where the case has none. */
  readonly mask: Uint8Array | null
  /** 1 in other lesions of the same scan, which a segmentation should not learn as background; absent where there are none. */
  readonly otherLesions?: Uint8Array
  /** Centroid of the mask, or what the table or the finding says, or the volume's centre. */
  readonly centreRasMm: PointMm
}

/** What is wrong with one case, in a sentence with its id; it is left out. */
export interface LeftOut {
  readonly id: string
  readonly why: string
}

/** What a column of a table can be. */
export type ColumnRole = 'id' | 'label' | 'patient' | 'volume' | 'split'

export interface TableColumn {
  readonly name: string
  /** How many different values it holds, missing ones apart. */
  readonly distinct: number
  /** It has two to twenty classes, or ratings of malignancy: it can be chosen as label. */
  readonly canBeLabel: boolean
}

/** The table of labels that was found, and which of its columns was taken for what. */
export interface LabelTableInfo {
  /** Path of its file, for the screen. */
  readonly file: string
  readonly columns: readonly TableColumn[]
  /** Names of columns; null where none was found. */
  readonly chosen: Readonly<Record<ColumnRole, string | null>>
}

export interface LabelledCohort {
  /** Names of the classes in label order; the positive one of two is the last. Empty where no case has a label. */
  readonly classes: readonly string[]
  readonly cases: readonly LabelledCase[]
  readonly leftOut: readonly LeftOut[]
  /** What was done to the data that its owner should know: masks resampled, duplicates dropped. */
  readonly notices: readonly string[]
  /** Absent where the labels do not come from a table. */
  readonly table?: LabelTableInfo
  /** @throws InputError in a sentence with the case's id. */
  open(index: number): Promise<OpenLabelledCase>
  /** Frees what was read. */
  release(): void
}

/** Where an opening stands: `done` of `total` scans. */
export interface CohortProgress {
  readonly stage: string
  readonly done: number
  readonly total: number
}

export interface CohortOptions {
  /** Names of columns to take instead of those guessed; null for none. `table` names the file where there are several. */
  readonly columns?: Readonly<Partial<Record<ColumnRole, string | null>>>
  readonly table?: string
  /**
   * What of a mask is one lesion: everything in it, each of its values, each connected part, or (auto, as default) everything
   * where a table has one row for the scan, else its values where there are several, else its parts.
   */
  readonly lesions?: 'auto' | 'whole' | 'values' | 'components'
  /**
   * Names of the contours (RTSTRUCT) or segments (SEG), or values of a label map ('2') that are lesions; by default those
   * named like a tumour, else all.
   */
  readonly structures?: readonly string[]
  /** LIDC XML: at least so many readers must have a voxel in their contour; half of them by default. */
  readonly consensus?: number
  /** LIDC XML: nodules below 3 mm become cases without mask and label; they are left out by default. */
  readonly smallNodules?: boolean
  /** Memory for open scans; half a gigabyte by default, and always enough for the largest. */
  readonly budgetBytes?: number
}
