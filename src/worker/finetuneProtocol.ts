// Setting up a fine-tuning run and judging it, as tasks of the workers that are free while the training worker computes: the
// compute worker has the models, the run library has the runs. The run itself is the training worker's.
import type { Triple } from '../base/shape.ts'
import type { ModelManifest } from '../network/model.ts'
import type { FinetuneMethod, FinetuneSettings, FinetuneTask } from '../training/finetune/settings.ts'
import type { ExamplesMessage, FollowedPrediction, OutlinesMessage } from '../training/finetune/figures.ts'
import type { HeldOutline } from '../training/finetune/heldOutlines.ts'
import type { CropSummary } from '../training/finetune/requireSettings.ts'
import type { CropSet } from '../training/labelled/cropSet.ts'
import type {
  ClassFigures,
  ClassReport,
  ClassSet,
  Comparison,
  Figure,
  MaskFigures,
  MaskReport,
  ReliabilityBin,
  RocCurve,
  ValidationReport,
} from '../training/validation/report.ts'
import type { ModelSource } from './labProtocol.ts'
import type { StageProgress } from './protocol.ts'

export type {
  ClassFigures,
  ClassReport,
  ClassSet,
  Comparison,
  Figure,
  MaskFigures,
  MaskReport,
  ReliabilityBin,
  RocCurve,
  ValidationReport,
}
export type {
  CropSummary,
  ExamplesMessage,
  FollowedPrediction,
  OutlinesMessage,
  HeldOutline,
  FinetuneMethod,
  FinetuneSettings,
  FinetuneTask,
}

export interface Recommendation {
  readonly settings: FinetuneSettings
  /** Why these, in sentences. */
  readonly reasons: readonly string[]
}

export interface FinetuneForecast {
  /** Updates of the whole run at most. */
  readonly updates: number
  /** Of a step on a GPU, as it would be allocated; null for a probe, which trains nothing there. */
  readonly gpuBytes: number | null
  /** Of one save. */
  readonly saveBytes: number
  /** Where it will run, in words. */
  readonly device: string
  /** Why no run can be begun with these settings, in sentences. */
  readonly problems: readonly string[]
}

/** Of the compute worker. */
export type FinetuneTasks = {
  recommendFinetuning: {
    input: {
      task: FinetuneTask
      /** Null leaves it to the recommendation. */
      method: FinetuneMethod | null
      /** Null starts from scratch. */
      start: ModelSource | null
      summary: CropSummary
    }
    progress: StageProgress
    result: Recommendation
  }
  forecastFinetuning: {
    /** `cases`: as they will be cut; their identities are not yet known. */
    input: { settings: FinetuneSettings; summary: CropSummary; cases: CropSet['cases'] }
    progress: StageProgress
    result: FinetuneForecast
  }
}

export interface DicePair {
  /** Index into the crop set. */
  readonly at: number
  readonly after: number
  /** Null without a start model. */
  readonly before: number | null
}

/** A run's result with the boxes that it learnt from, where the run has kept them. */
export interface JudgedRun {
  readonly report: ValidationReport
  /** Of segmentation: Dice of each held-out case. */
  readonly pairs: readonly DicePair[]
  readonly settings: FinetuneSettings
  /** All updates were made; otherwise some held-out cases have not been judged. */
  readonly isFinished: boolean
  /** Null where the run keeps none. */
  readonly crops: CropSet | null
  /** What tells each of the run's cases again, by its content. */
  readonly identities: readonly string[]
  /** Of segmentation, of held-out cases, where the run has kept them. */
  readonly outlines: readonly HeldOutline[]
  /** SHA-256 of the weights that are kept. */
  readonly weights: string
}

/** Of the run library. */
export type FinetuneRunTasks = {
  judgeFinetuned: { input: { id: string }; progress: StageProgress; result: JudgedRun }
  /** The boxes of a run and what of them its network sees; null where the run does not keep them. */
  runCrops: {
    input: { id: string }
    progress: StageProgress
    result: { crops: CropSet; shape: Triple } | null
  }
  /** The run's model as a model's two files. */
  finetunedModel: {
    input: { id: string; name: string; version: string; report: ValidationReport }
    progress: StageProgress
    result: { manifest: ModelManifest; weights: Uint8Array<ArrayBuffer>; figures: readonly string[] }
  }
}
