// Labelled data as tasks of the volume worker: it has the readers, and it answers while the training worker computes. The
// cohort stays there; the page gets what is known of its cases, thumbnails as they scroll by, and at last the crop set.
import type { Triple } from '../base/shape.ts'
import type { FollowedPlace } from '../training/finetune/followed.ts'
import type { CutCases, LookedAt } from '../training/finetune/followScan.ts'
import type { AugmentOptions, FinetuneTask } from '../training/finetune/settings.ts'
import type {
  CohortOptions,
  LabelledCase,
  LabelledCohort,
  LabelTableInfo,
} from '../training/labelled/cohort.ts'
import type { CropSet } from '../training/labelled/cropSet.ts'
import type { Thumbnail } from '../training/labelled/thumbnail.ts'
import type { ReviewedFinding } from '../training/labelled/findingsCohort.ts'
import type { PointMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import type { OpenedScan, PickedFile, StageProgress } from './protocol.ts'

export type {
  AugmentOptions,
  CohortOptions,
  CropSet,
  FinetuneTask,
  FollowedPlace,
  LabelledCase,
  LabelTableInfo,
  LookedAt,
  ReviewedFinding,
}

/** Where labelled cases come from. */
export type LabelledSource =
  | { readonly kind: 'files'; readonly files: readonly PickedFile[]; readonly options: CohortOptions }
  /** Nodules of synthetic chests; at least so many cases of each class that both tasks can be tried. */
  | { readonly kind: 'synthetic'; readonly seeds: readonly number[] }
  /** The reviewed findings of the open scan. */
  | {
      readonly kind: 'findings'
      readonly volume: Volume
      /** On the volume's grid; the value is the finding's number. */
      readonly labels: Uint8Array | null
      readonly findings: readonly ReviewedFinding[]
      /** Tells scans apart within the session, and says nothing else. */
      readonly scan: string
      /** One for all scans of a patient, where the files say whose they are; it does not say who. */
      readonly patient: string
      readonly synthetic: boolean
      readonly classes: 'nodule' | 'malignancy'
    }

export interface LabelledSummary extends Omit<LabelledCohort, 'open' | 'release'> {
  readonly cohortId: number
  /** Why a task cannot be trained on these cases, in sentences; empty where it can. */
  readonly problems: Readonly<Record<FinetuneTask, readonly string[]>>
}

/** A case's picture. */
export interface CaseThumbnail extends Thumbnail {
  readonly index: number
}

/** One box of the crop set as training would see it in one epoch. */
export interface AugmentedCrop {
  readonly shape: Triple
  /** HU. [D,H,W] */
  readonly hu: Float32Array
  readonly mask: Uint8Array | null
}

export type LabelledTasks = {
  /** `addTo`: the open cohort that these cases join; null lets go of it. */
  openLabelled: {
    input: { source: LabelledSource; addTo: number | null }
    progress: StageProgress
    result: LabelledSummary
  }
  labelledThumbnails: {
    input: { cohortId: number; indices: readonly number[] }
    progress: StageProgress
    result: readonly CaseThumbnail[]
  }
  /** Cuts the boxes that a run reads. */
  prepareCrops: {
    input: { cohortId: number; shape: Triple; spacingMm: Triple }
    progress: StageProgress
    /** `indices`: which case each box is. */
    result: { crops: CropSet; indices: readonly number[]; notices: readonly string[] }
  }
  /** Which place of the open scan a run of these cases shows after every epoch; `shape` and `spacingMm` of the network. */
  followScan: {
    input: { looked: LookedAt; cohortId: number; cut: CutCases; shape: Triple; spacingMm: Triple }
    progress: StageProgress
    result: FollowedPlace | null
  }
  /** One case's box, first as it is, then as augmentation makes it of each seed. */
  previewAugmented: {
    input: {
      cohortId: number
      index: number
      boxShape: Triple
      shape: Triple
      spacingMm: Triple
      options: AugmentOptions
      seeds: readonly number[]
    }
    progress: StageProgress
    result: readonly AugmentedCrop[]
  }
  /** The scan of a case, to be looked at as any other, and where its lesion is. */
  openLabelledScan: {
    input: { cohortId: number; index: number; previewVoxels: number }
    progress: StageProgress
    result: { scan: OpenedScan; centreRasMm: PointMm }
  }
  closeLabelled: { input: { cohortId: number }; progress: StageProgress; result: null }
}
