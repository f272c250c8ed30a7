// findings.json as a value: what docs/findings-json.md describes, field by field.
import type { OpenedSeries } from '../volume/volume.ts'
import type { FindingsFile } from './finding.ts'
import { pipelineVersion, researchNotice } from './pipelineVersion.ts'
import type { Prediction } from './predict.ts'

/** The content of findings.json for a prediction of `series`; `remarks` stand before all other warnings. */
export function toFindingsFile(
  series: OpenedSeries,
  prediction: Prediction,
  remarks: readonly string[] = [],
): FindingsFile {
  const { id, description, modality, shape, spacingMm, synthetic } = series
  return {
    schemaVersion: 1,
    pipelineVersion,
    notice: synthetic ? `${researchNotice}. Synthetic scan: no patient.` : researchNotice,
    model: prediction.model,
    searchModel: prediction.searchModel,
    device: prediction.device,
    series: { id, description, modality, shape, spacingMm, synthetic },
    findings: prediction.findings,
    warnings: [...remarks, ...series.warnings, ...prediction.warnings],
  }
}
