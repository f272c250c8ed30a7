// The lab's views of windows, heads and token features, as tasks of the compute worker.
import type { Grid, Triple } from '../base/shape.ts'
import type { BlockAttention, BlockPlace } from '../insight/blockAttention.ts'
import type { GroupFigures, LabelAgreement } from '../insight/groupFigures.ts'
import type { HeadFigure } from '../insight/headDiversity.ts'
import type { LabCrop } from '../insight/labCrop.ts'
import type { Role } from '../insight/labModel.ts'
import type { PhantomOrigin } from '../insight/organLabels.ts'
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

export interface ClusterRequest {
  /** Tells scans apart, so that features are not computed twice. */
  readonly caseId: string
  /** Only this part of the scan; null is all of it. */
  readonly part: LabCrop | null
  /** 0-based. */
  readonly stage: number
  readonly k: number
  readonly seed: number
  /** Tokens of the map at most. */
  readonly mapTokens: number
  /** What clusters are held against: a phantom's organs, or the lungs that the program finds. */
  readonly labels: { readonly kind: 'phantom'; readonly origin: PhantomOrigin } | { readonly kind: 'lungs' }
}

/** Labels of the tokens, and how clusters and labels go together; null where no label could be had. */
export interface TokenLabels {
  readonly names: readonly string[]
  /** Of each token; 255 is none. */
  readonly ofTokens: Uint8Array
  readonly isTruth: boolean
  readonly source: string
  readonly figures: GroupFigures
  /** Voxel by voxel on the scan's grid. */
  readonly agreement: readonly LabelAgreement[]
}

export interface ClusterResult extends Provenance {
  readonly encoder: EncoderChoice
  readonly request: ClusterRequest
  /** Tokens over the scan. */
  readonly grid: Grid
  /** Channels of a token. */
  readonly width: number
  /** Cluster of each token. */
  readonly clusters: Uint8Array
  readonly figures: GroupFigures
  /** Tokens of the map, and their places on it [n, 2]. */
  readonly chosen: Int32Array
  readonly points: Float32Array
  readonly labels: TokenLabels | null
  /** Why there are no labels, where there are none. */
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
  clusterTokens: {
    input: { source: ModelSource; encoder: EncoderChoice; volume: Volume; request: ClusterRequest }
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
