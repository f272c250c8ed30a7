// The whole worker protocol: one typed table of tasks a worker. Everything else (client, server, messages) is derived.
// Payloads are plain data; voxels travel as views of shared memory, or as transferred buffers where there is none.
import type { Grid, Triple } from '../base/shape.ts'
import type { LabCrop } from '../insight/labCrop.ts'
import type { FileGrid, OpenedSeries, SeriesSummary, Volume } from '../volume/volume.ts'
import type { ClassTask } from '../network/model.ts'
import type { ExportFormat } from '../prediction/exportModel.ts'
import type { FindingsFile, RunTiming } from '../prediction/finding.ts'
import type { PredictProgress } from '../prediction/predict.ts'
import type { FinetuneTasks } from './finetuneProtocol.ts'
import type { InsightTasks } from './insightProtocol.ts'
import type { LabelledTasks } from './labelledProtocol.ts'
import type { LabTasks, ModelSource } from './labProtocol.ts'

/** One task: what goes in, what is reported on the way, what comes out. */
interface Task {
  input: unknown
  progress: unknown
  result: unknown
}

/** Tables are type aliases: an interface would not fit this index signature. */
export type TaskTable = Record<string, Task>

/** A file as the page got it; `path` keeps the folder it came from. */
export interface PickedFile {
  readonly path: string
  readonly file: Blob
}

export interface StageProgress {
  /** What is being done, in the reader's words. */
  readonly stage: string
  readonly done: number
  readonly total: number
}

/** A small copy of the volume for the 3-D view, over exactly the same field of view. */
export interface VolumePreview {
  readonly shape: Triple
  readonly hu: Int16Array
}

/** An opened scan as the page holds it: `volume.hu` is shared memory where the page is isolated. */
export interface OpenedScan {
  readonly series: OpenedSeries
  readonly preview: VolumePreview
  readonly secondsToOpen: number
}

export type VolumeTasks = LabelledTasks & {
  list: {
    input: { files: readonly PickedFile[] }
    progress: StageProgress
    result: { listingId: number; series: readonly SeriesSummary[]; notes: readonly string[] }
  }
  open: {
    input: { listingId: number; seriesId: string; previewVoxels: number; synthetic: boolean }
    progress: StageProgress
    result: OpenedScan
  }
  /** A synthetic chest, made here from its seed. */
  openPhantom: {
    input: { seed: number; spacingMm: Triple; previewVoxels: number }
    progress: StageProgress
    result: OpenedScan
  }
  /** A scan beside the open one, to be read by another worker and let go: no views are prepared of it. */
  openBeside: {
    input:
      { kind: 'phantom'; seed: number; spacingMm: Triple } | { kind: 'files'; files: readonly PickedFile[] }
    progress: StageProgress
    /** Of files that hold several series, the one with the most voxels. */
    result: { volume: Volume; readableSeries: number }
  }
  writeSegmentation: {
    input: { labels: Uint8Array; shape: Triple; fileGrid: FileGrid; description: string }
    progress: StageProgress
    result: Uint8Array
  }
  /** A grid of cells that fills a region of the lab, over the scan's own grid. */
  writeCells: {
    input: {
      /** Real values (0 outside of the region), small whole codes (0 outside), or HU (-1024 outside). */
      kind: 'map' | 'codes' | 'hu'
      values: Float32Array | Uint8Array
      cells: Triple
      crop: LabCrop
      scan: Grid
      fileGrid: FileGrid
      description: string
    }
    progress: StageProgress
    result: Uint8Array
  }
}

export interface ComputeDevice {
  /** Where the network runs, in words, as it is shown and written beside results. */
  readonly label: string
}

export interface ModelSummary {
  readonly name: string
  readonly title: string
  readonly version: string
  /** What it can tell of a scan. */
  readonly networks: readonly ClassTask[]
  /** The classes that it tells apart; none without a classifier. */
  readonly classes: readonly string[]
  /** Not of this installation: another algorithm than the shipped one. */
  readonly isOwn: boolean
}

export interface PredictionResult {
  /** The content of findings.json, findings included. */
  readonly file: FindingsFile
  /** On the memory grid [D,H,W]; the value is the finding's index + 1, 0 is background. */
  readonly labels: Uint8Array
  /** On the memory grid [D,H,W], probability × 255. */
  readonly probability: Uint8Array
  /** `labels` over the 3-D preview's grid. */
  readonly previewLabels: Uint8Array
  readonly timings: readonly RunTiming[]
  readonly model: ModelSummary
}

/** How one device did on one fixture. */
export interface SelfTestMark {
  readonly status: 'passed' | 'failed' | 'skipped'
  /** In full, for a report; or what went wrong. */
  readonly text: string
  /** Largest error beside its tolerance; undefined where nothing could be compared. */
  readonly worst?: { readonly error: number; readonly tolerance: number }
}

export interface SelfTestLine {
  readonly title: string
  /** Null where there is no adapter. */
  readonly gpu: SelfTestMark | null
  readonly cpu: SelfTestMark | null
}

export interface SelfTestResult {
  readonly adapter: { readonly label: string; readonly isSoftware: boolean } | null
  readonly cpu: ComputeDevice
  readonly lines: readonly SelfTestLine[]
}

export type ComputeTasks = LabTasks &
  InsightTasks &
  FinetuneTasks & {
    describe: {
      input: { source: ModelSource }
      progress: StageProgress
      result: { device: ComputeDevice; model: ModelSummary | null }
    }
    predict: {
      input: {
        series: OpenedSeries
        previewShape: Triple
        source: ModelSource
        /** Searches for the nodules where the model of `source` only classifies. */
        searchSource: ModelSource
      }
      progress: PredictProgress
      result: PredictionResult
    }
    exportModel: {
      input: { source: ModelSource; format: ExportFormat; network: ClassTask }
      progress: StageProgress
      result: { fileName: string; bytes: Uint8Array<ArrayBuffer> }
    }
    selfTest: {
      input: Record<string, never>
      progress: StageProgress
      result: SelfTestResult
    }
  }

/** Name of a compute worker that prints where a GPU's time goes: all that a worker knows of itself when it starts. */
export const profilingWorker = 'compute, profiling'

export type RequestMessage =
  | { readonly kind: 'run'; readonly job: number; readonly task: string; readonly input: unknown }
  | { readonly kind: 'cancel'; readonly job: number }

/** An error as it crosses the worker's border. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly details: string | undefined
}

export type ReplyMessage =
  | { readonly kind: 'progress'; readonly job: number; readonly progress: unknown }
  | { readonly kind: 'result'; readonly job: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly job: number; readonly error: PlainError }
