// The lab's views of windows, heads and token features, as tasks of the compute worker.
import type { Grid, Triple } from '../base/shape.ts'
import type { BlockAttention, BlockPlace } from '../insight/blockAttention.ts'
import type { GroupFigures, LabelAgreement } from '../insight/groupFigures.ts'
import type { HeadFigure } from '../insight/headDiversity.ts'
import type { LabCrop } from '../insight/labCrop.ts'
import type { Role } from '../insight/labModel.ts'
import type { PhantomOrigin } from '../insight/organLabels.ts'
import type { ScanTokens, TokenLabelling } from '../insight/pooledTokens.ts'
import type { PerStage } from '../network/config.ts'
import type { NetworkTask } from '../network/model.ts'
import type { FileGrid, Volume } from '../volume/volume.ts'
import type { CropInput, ModelSource } from './labProtocol.ts'
import type { StageProgress } from './protocol.ts'

/** Whose encoder: a network of the model, its momentum teacher, or what training begins with. */
export interface EncoderChoice {
  readonly task: NetworkTask
  readonly role: Role | 'untrained'
}

export interface EncoderSummary extends EncoderChoice {
  readonly depths: PerStage
  readonly heads: PerStage
  /** The crop that it was trained on. */
  readonly shape: Triple
  readonly spacingMm: Triple
}

/** Where something was computed and with which weights; null for untrained ones. */
export interface Provenance {
  readonly device: string
  readonly notices: readonly string[]
  readonly identity: string | null
}

export interface WindowResult extends Provenance {
  readonly encoder: EncoderChoice
  readonly crop: LabCrop
  /** All blocks of the encoder, or the one that was asked for where all are too much to hold. */
  readonly blocks: readonly BlockAttention[]
}

export interface HeadResult extends Provenance {
  readonly figures: readonly HeadFigure[]
  readonly crops: number
  readonly spacingMm: Triple
}

/** What labels are taken of: a phantom's organs, or the lungs that the program finds. */
export type LabelSource =
  { readonly kind: 'phantom'; readonly origin: PhantomOrigin } | { readonly kind: 'lungs' }

/** What is read of one scan. */
export interface TokenRequest {
  /** Only this part of the scan; null is all of it. */
  readonly part: LabCrop | null
  /** 0-based. */
  readonly stage: number
  readonly labels: LabelSource
  readonly synthetic: boolean
}

/** Token features of one scan, and where they were computed. */
export interface TokenResult extends ScanTokens, Provenance {
  /** Why there are no labels, where there are none. */
  readonly labelProblem: string | null
}

export interface ClusterRequest {
  /** Of the first scan, the open one. */
  readonly part: LabCrop | null
  /** 0-based. */
  readonly stage: number
  readonly k: number
  readonly seed: number
  /** Tokens of the map at most. */
  readonly mapTokens: number
}

/** Labels of the tokens of all scans, and how clusters and labels go together; null where no label could be had. */
export interface TokenLabels extends TokenLabelling {
  readonly figures: GroupFigures
  /** Where the first scan's come from; null where it has none. */
  readonly openSource: string | null
  /** Voxel by voxel on the first scan's grid; empty where it has no labels. */
  readonly agreement: readonly LabelAgreement[]
}

/** A scan that took part. */
export interface ClusteredScan {
  readonly grid: Grid
  readonly tokens: number
  readonly synthetic: boolean
}

export interface ClusterResult extends Provenance {
  readonly encoder: EncoderChoice
  readonly request: ClusterRequest
  /** The open one first; rows of all arrays follow this order. */
  readonly scans: readonly ClusteredScan[]
  /** Channels of a token. */
  readonly width: number
  /** Cluster of each row. */
  readonly clusters: Uint8Array
  readonly figures: GroupFigures
  /** Distances within and between scans; null where there is one only. */
  readonly scanFigures: GroupFigures | null
  /** Rows of the map, and their places on it [n, 2]. */
  readonly chosen: Int32Array
  readonly points: Float32Array
  readonly labels: TokenLabels | null
  /** Why the open scan has no labels, where it has none. */
  readonly labelProblem: string | null
}

export type InsightTasks = {
  listEncoders: {
    input: { source: ModelSource }
    progress: StageProgress
    result: readonly EncoderSummary[]
  }
  attendWindows: {
    input: CropInput & { encoder: EncoderChoice; wanted: BlockPlace }
    progress: StageProgress
    result: WindowResult
  }
  judgeHeads: {
    /** Without a crop: several, spread over the scan. */
    input: { source: ModelSource; encoder: EncoderChoice; volume: Volume; crop: LabCrop | null }
    progress: StageProgress
    result: HeadResult
  }
  readTokens: {
    /** `openCaseId`: of the open scan, whose labels are asked for again and kept; null for another one. */
    input: {
      source: ModelSource
      encoder: EncoderChoice
      volume: Volume
      openCaseId: string | null
      request: TokenRequest
    }
    progress: StageProgress
    result: TokenResult
  }
  clusterTokens: {
    /** `scans`: the open one first, whose voxels are `volume`. */
    input: {
      encoder: EncoderChoice
      volume: Volume
      openCaseId: string
      labels: LabelSource
      scans: readonly TokenResult[]
      request: ClusterRequest
    }
    progress: StageProgress
    result: ClusterResult
  }
  /** Values of tokens as a NIfTI file on the scan's own grid; voxels that no token covers are 0. */
  writeTokenMap: {
    input: {
      values: Uint8Array
      tokens: Grid
      scan: Grid
      fileGrid: FileGrid
      description: string
      slope: number
    }
    progress: StageProgress
    result: Uint8Array<ArrayBuffer>
  }
}
