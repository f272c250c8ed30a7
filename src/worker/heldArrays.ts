// The voxels that the page holds, outside the store: the open scan and its prediction, released explicitly.
import type { OpenedScan, PredictionResult } from './protocol.ts'

export type PredictionArrays = Pick<PredictionResult, 'labels' | 'probability' | 'previewLabels'>

export interface HeldArrays {
  scan(caseId: string): OpenedScan | undefined
  prediction(caseId: string): PredictionArrays | undefined
  holdScan(caseId: string, scan: OpenedScan): void
  holdPrediction(caseId: string, arrays: PredictionArrays): void
  release(caseId: string): void
  releasePrediction(caseId: string): void
}

export function createHeldArrays(): HeldArrays {
  const scans = new Map<string, OpenedScan>()
  const predictions = new Map<string, PredictionArrays>()
  return {
    scan: caseId => scans.get(caseId),
    prediction: caseId => predictions.get(caseId),
    holdScan: (caseId, scan) => void scans.set(caseId, scan),
    holdPrediction: (caseId, arrays) => void predictions.set(caseId, arrays),
    release(caseId) {
      scans.delete(caseId)
      predictions.delete(caseId)
    },
    releasePrediction: caseId => void predictions.delete(caseId),
  }
}
