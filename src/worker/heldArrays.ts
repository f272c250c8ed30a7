// The voxels that the page holds, outside the store: the open scan, its prediction and what the lab paints over it,
// released explicitly.
import type { CropPainting } from '../insight/painting.ts'
import { createHeldInsight, type HeldInsight } from './heldInsight.ts'
import { createHeldTraining, type HeldTraining } from './heldTraining.ts'
import type { MaskKind, MaskSettings } from '../insight/masks.ts'
import type { LabCrop } from '../insight/labCrop.ts'
import type { AttentionResult, ReconstructionResult } from './labProtocol.ts'
import type { OpenedScan, PredictionResult } from './protocol.ts'

export type PredictionArrays = Pick<PredictionResult, 'labels' | 'probability' | 'previewLabels'>

/** A reconstruction with the mask that it was made behind. */
export interface HeldReconstruction extends ReconstructionResult {
  readonly crop: LabCrop
  /** Codes of `MARK`. [N] */
  readonly codes: Uint8Array
  readonly masked: number
  readonly maskKind: MaskKind
  readonly masks: MaskSettings
  /** The attention that the mask was made of. [N] */
  readonly satt: Float32Array
}

export interface HeldArrays {
  readonly insight: HeldInsight
  readonly training: HeldTraining
  scan(caseId: string): OpenedScan | undefined
  prediction(caseId: string): PredictionArrays | undefined
  /** What the attention lab paints over the open scan. */
  painting(): CropPainting | undefined
  /** The attention that the lab computed last. */
  attention(): AttentionResult | undefined
  reconstruction(): HeldReconstruction | undefined
  holdScan(caseId: string, scan: OpenedScan): void
  holdPrediction(caseId: string, arrays: PredictionArrays): void
  holdPainting(painting: CropPainting | undefined): void
  holdAttention(result: AttentionResult | undefined): void
  holdReconstruction(result: HeldReconstruction | undefined): void
  release(caseId: string): void
  releasePrediction(caseId: string): void
}

export function createHeldArrays(): HeldArrays {
  const scans = new Map<string, OpenedScan>()
  const predictions = new Map<string, PredictionArrays>()
  let painting: CropPainting | undefined
  let attention: AttentionResult | undefined
  let reconstruction: HeldReconstruction | undefined
  return {
    insight: createHeldInsight(),
    training: createHeldTraining(),
    scan: caseId => scans.get(caseId),
    prediction: caseId => predictions.get(caseId),
    painting: () => painting,
    attention: () => attention,
    reconstruction: () => reconstruction,
    holdScan: (caseId, scan) => void scans.set(caseId, scan),
    holdPrediction: (caseId, arrays) => void predictions.set(caseId, arrays),
    holdPainting: next => void (painting = next),
    holdAttention: next => void (attention = next),
    holdReconstruction: next => void (reconstruction = next),
    release(caseId) {
      scans.delete(caseId)
      predictions.delete(caseId)
    },
    releasePrediction: caseId => void predictions.delete(caseId),
  }
}
