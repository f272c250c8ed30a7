// The attention lab's part of the compute worker's protocol. A task names its model by where it comes from; the worker
// keeps the models that it has opened, so that nothing is lost when it is started again.
import type { Triple } from '../base/shape.ts'
import type { AttentionMaps, AttentionQuery } from '../insight/attention.ts'
import type { LabCrop } from '../insight/labCrop.ts'
import type { Reconstruction } from '../insight/reconstruction.ts'
import type { NetworkTask } from '../network/model.ts'
import type { Volume } from '../volume/volume.ts'
import type { StageProgress } from './protocol.ts'

/** A model folder of this installation, one that this browser keeps, or a model's files as somebody picked them. */
export type ModelSource =
  | { readonly kind: 'installed'; readonly name: string; readonly baseUrl: string }
  | { readonly kind: 'own'; readonly identity: string }
  | {
      readonly kind: 'files'
      /** Tells two picks apart. */
      readonly key: string
      readonly manifest: Blob
      readonly weights: Blob
      readonly card?: Blob
    }

/** A network with semantic attention, as the lab offers it. */
export interface LabNetwork {
  readonly task: NetworkTask
  /** Heads of the semantic attention. */
  readonly heads: number
  /** The crop that it was trained on. */
  readonly shape: Triple
  readonly spacingMm: Triple
  /** HU window and the range that the network sees it as. */
  readonly huWindow: readonly [number, number]
  readonly outputRange: readonly [number, number]
  readonly hasTeacher: boolean
  readonly canReconstruct: boolean
}

export interface LabModelSummary {
  readonly name: string
  readonly title: string
  readonly version: string
  /** SHA-256 of description and weights. */
  readonly identity: string
  readonly networks: readonly LabNetwork[]
}

/** What every task that looks at a crop gets. */
export interface CropInput {
  readonly source: ModelSource
  readonly volume: Volume
  readonly crop: LabCrop
}

export interface AttentionResult extends AttentionMaps {
  /** What the network saw before patch dropout: normalised HU. [D,H,W] of the crop */
  readonly image: Float32Array
  readonly crop: LabCrop
  readonly query: AttentionQuery
  /** The model's identity. */
  readonly identity: string
}

export interface ReconstructionResult extends Reconstruction {
  /** What the network would have seen without a mask: normalised HU. [D,H,W] of the crop */
  readonly image: Float32Array
}

export type LabTasks = {
  openLabModel: {
    input: { source: ModelSource }
    progress: StageProgress
    result: LabModelSummary
  }
  attend: {
    input: CropInput & { query: AttentionQuery }
    progress: StageProgress
    result: AttentionResult
  }
  reconstruct: {
    /** `mask`: 1 = hidden, over the stage-3 tokens. [N] */
    input: CropInput & { task: NetworkTask; mask: Uint8Array }
    progress: StageProgress
    result: ReconstructionResult
  }
}
