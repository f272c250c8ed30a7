// Setting up a fine-tuning run and judging it, as tasks of the compute worker: it has the models and is free while the
// training worker computes. The run itself is the training worker's.
import type { FinetuneMethod, FinetuneSettings, FinetuneTask } from '../training/finetune/settings.ts'
import type { ModelSource } from './labProtocol.ts'
import type { StageProgress } from './protocol.ts'

export type { FinetuneMethod, FinetuneSettings, FinetuneTask }

/** What is known of the labelled cases before they are cut: enough to recommend settings and to forecast. */
export interface CaseCounts {
  readonly cases: number
  readonly patients: number
  /** By label. */
  readonly perClass: readonly number[]
  readonly classes: readonly string[]
  /** Diameters of spheres of the lesions' volumes, mm, in rising order; empty where none is known. */
  readonly diametersMm: readonly number[]
}

export interface Recommendation {
  readonly settings: FinetuneSettings
  /** Why these, in sentences. */
  readonly reasons: readonly string[]
}

export interface FinetuneForecast {
  /** Largest memory of a step on the device, and of the boxes. */
  readonly bytes: number
  /** Of the whole run; null where nothing like it was measured. */
  readonly seconds: number | null
  /** Where it will run, in words. */
  readonly device: string
  /** What does not fit and what to lower, in sentences; empty where it fits. */
  readonly problems: readonly string[]
}

export type FinetuneTasks = {
  /** `method`: null leaves it to the recommendation. */
  recommendFinetuning: {
    input: {
      task: FinetuneTask
      method: FinetuneMethod | null
      /** Null starts from scratch. */
      start: ModelSource | null
      counts: CaseCounts
    }
    progress: StageProgress
    result: Recommendation
  }
  forecastFinetuning: {
    input: { settings: FinetuneSettings; counts: CaseCounts }
    progress: StageProgress
    result: FinetuneForecast
  }
}
