// The protocol of training: what the worker that trains is asked for, and what the run library is asked for. They are two
// workers, because the one that trains on the CPU answers nothing until its update is done.
import type { Triple } from '../base/shape.ts'
import type { ModelManifest } from '../network/model.ts'
import type { CropSet } from '../training/labelled/cropSet.ts'
import type { FollowedPlace } from '../training/finetune/followed.ts'
import type { FinetuneSettings } from '../training/finetune/settings.ts'
import type { PretrainOptions } from '../training/pretrain/options.ts'
import type { Preset } from '../training/pretrain/recipe.ts'
import type { HistoryRow } from '../training/run/history.ts'
import type { RunEnd } from '../training/run/performRun.ts'
import type { Split } from '../training/phantomCrops.ts'
import type { Volume } from '../volume/volume.ts'
import type { FinetuneRunTasks } from './finetuneProtocol.ts'
import type { ModelSource } from './labProtocol.ts'
import type { PickedFile, StageProgress } from './protocol.ts'

export type RunKind = 'pretrain' | 'finetune'

/** An update as the history has it: this for every kind of run, the rest by kind. */
export type RunRow = HistoryRow

/** What a pretraining run is to learn from; every series of the files is a volume. */
export type PretrainData =
  | { readonly kind: 'phantom'; readonly split: Split }
  | { readonly kind: 'demo'; readonly seed: number; readonly spacingMm: Triple }
  | { readonly kind: 'volume'; readonly volume: Volume; readonly synthetic: boolean }
  | { readonly kind: 'files'; readonly files: readonly PickedFile[] }

/** Everything that a reader chooses of a pretraining run, but for its data. */
export interface PretrainWish {
  readonly preset: Preset
  /** Voxels along each side of a crop; null takes the preset's. */
  readonly cropSide: number | null
  /** Null takes the preset's. */
  readonly spacingMm: number | null
  readonly options: PretrainOptions
  /** Memory for volumes that are open at once. */
  readonly memoryBytes: number
}

/** Where the memory of a step goes on a GPU, and whether every GPU can hold it. */
export interface StepForecast {
  /** Parameters of the student. */
  readonly parameters: number
  /** Parameters, moments, teacher and what belongs to them. */
  readonly stateBytes: number
  /** All of it; null where not even a usual desktop card takes it. */
  readonly gpuBytes: number | null
  readonly fitsEveryGpu: boolean
}

export type RunEvent =
  | ({ readonly kind: 'stage' } & StageProgress)
  /** The run exists in the library from now on. */
  | { readonly kind: 'created'; readonly id: string; readonly runKind: RunKind }
  /** Its updates begin: those that were made before, how many there will be, and where they are computed. */
  | {
      readonly kind: 'started'
      readonly rows: readonly RunRow[]
      readonly steps: number
      readonly label: string
    }
  | { readonly kind: 'rows'; readonly rows: readonly RunRow[] }
  | { readonly kind: 'notice'; readonly text: string }
  /** All that hold now; none takes those before back. */
  | { readonly kind: 'warnings'; readonly warnings: readonly string[] }
  /** Updates that are safe whatever happens. */
  | { readonly kind: 'saved'; readonly step: number }
  /** It rests now, saved, until it is resumed or stopped. */
  | { readonly kind: 'paused' }
  /** What a kind of run has to show beside its rows, as plain data. */
  | { readonly kind: 'message'; readonly message: unknown }

export interface RunOutcome {
  readonly id: string
  readonly end: RunEnd
}

/** A begun or continued run is one job: it ends when the run does. */
export type TrainTasks = {
  beginPretraining: {
    input: {
      title: string
      wish: PretrainWish
      data: readonly PretrainData[]
      /** Keep a copy of the volumes in this browser, grid and HU alone; otherwise their files are asked for again. */
      keepsVolumes: boolean
      saveEvery: number
    }
    progress: RunEvent
    result: RunOutcome
  }
  beginFinetuning: {
    input: {
      title: string
      settings: FinetuneSettings
      crops: CropSet
      /** Keep the boxes with the run, without a name; otherwise the same cases are asked for again. */
      keepsCrops: boolean
      /** The place of the open scan that is shown after every epoch. */
      followed: FollowedPlace | null
      /** Keep its voxels with the run; otherwise it is no longer shown once the run was interrupted. */
      keepsFollowed: boolean
      /** Null: from scratch. */
      start: ModelSource | null
    }
    progress: RunEvent
    result: RunOutcome
  }
  continueRun: {
    /**
     * `data`: where a pretraining's volumes may be found; what is not among them is named. `crops`: of a fine-tuning that
     * keeps none.
     */
    input: { id: string; data: readonly PretrainData[]; crops: CropSet | null }
    progress: RunEvent
    result: RunOutcome
  }
  /** Makes two updates of such a run and throws them away. */
  timeFinetuning: {
    input: { settings: FinetuneSettings; crops: CropSet; start: ModelSource | null }
    progress: StageProgress
    /** Of the whole run at most. */
    result: { seconds: number }
  }
  /** Of the run that goes on in this worker: heard between two updates. */
  controlRun: {
    input: { action: 'pause' | 'resume' | 'stop' | 'save' }
    progress: never
    result: null
  }
  forecastPretraining: {
    input: { wish: PretrainWish }
    progress: StageProgress
    result: StepForecast
  }
}

/** How boxes are cut from their cases again, and what of them the run's network sees. */
export interface MissingBoxes {
  readonly shape: Triple
  readonly spacingMm: Triple
  readonly networkShape: Triple
}

export interface RunSummary {
  readonly id: string
  readonly title: string
  readonly kind: RunKind
  /** ISO 8601. */
  readonly createdAt: string
  /** Updates of the whole run, and those that are saved. */
  readonly steps: number
  readonly savedSteps: number
  /** A tab is writing it now, this one or another. */
  readonly isBeingWritten: boolean
  readonly bytes: number
  /** What it learns from, in words without names. */
  readonly data: readonly string[]
  /** Volumes of which this browser has no copy: their files are asked for before the run goes on. */
  readonly missingVolumes: number
  /** The boxes of a fine-tuning of which this browser has no copy. */
  readonly missingBoxes: MissingBoxes | null
  /** Why it can neither be shown nor continued. */
  readonly problem?: string
}

export interface RunFact {
  readonly name: string
  readonly value: string
}

export interface RunDetails {
  readonly summary: RunSummary
  readonly facts: readonly RunFact[]
  readonly rows: readonly RunRow[]
  /** Where it was computed, stretch by stretch. */
  readonly sessions: readonly { readonly fromStep: number; readonly label: string }[]
}

export interface StorageState {
  /** Where runs are kept. */
  readonly place: 'files' | 'database'
  /** Of this page, all that it keeps; null where the browser does not tell. */
  readonly usedBytes: number | null
  readonly quotaBytes: number | null
  /** The browser has promised not to clear it by itself. */
  readonly isPersistent: boolean
  readonly runsBytes: number
  /** De-identified copies of volumes. */
  readonly kept: { readonly volumes: number; readonly bytes: number }
}

/** How long a deleted run can be taken back. */
export const takeBackMs = 10_000

export type LibraryTasks = FinetuneRunTasks & {
  /** The last save of a pretraining run as a model's two files. */
  pretrainedModel: {
    input: { id: string; name: string; version: string }
    progress: never
    result: { manifest: ModelManifest; weights: Uint8Array<ArrayBuffer>; figures: readonly string[] }
  }
  listRuns: { input: Record<string, never>; progress: never; result: readonly RunSummary[] }
  readRun: { input: { id: string }; progress: never; result: RunDetails }
  /** A file of the run as it lies there; null where it has none of that name. */
  readRunFile: {
    input: { id: string; name: string }
    progress: never
    result: Uint8Array<ArrayBuffer> | null
  }
  renameRun: { input: { id: string; title: string }; progress: never; result: null }
  /** It is gone from every list, and can be taken back for `takeBackMs`. */
  deleteRun: { input: { id: string }; progress: never; result: null }
  takeBackRun: { input: { id: string }; progress: never; result: null }
  /** With the copies of volumes that no other run needs. */
  destroyRun: { input: { id: string }; progress: never; result: null }
  exportRun: {
    /** `isWithoutCases`: of a fine-tuning, without what shows its cases. */
    input: { id: string; isWithoutCases: boolean }
    progress: StageProgress
    result: { fileName: string; bytes: Uint8Array<ArrayBuffer> }
  }
  importRun: { input: { file: Blob }; progress: StageProgress; result: { id: string } }
  drawRun: {
    input: { id: string; format: 'svg' | 'csv' }
    progress: never
    result: { fileName: string; text: string }
  }
  storageState: { input: Record<string, never>; progress: never; result: StorageState }
  deleteKept: { input: Record<string, never>; progress: never; result: null }
}
