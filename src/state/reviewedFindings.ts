// The open scan's findings as cases to learn from: what the reader accepted, and what was rejected as none.
import type { ReviewedFinding } from '../worker/labelledProtocol.ts'
import type { Workbench } from './store.ts'

/** The findings of the open scan as cases; none where nothing was decided. */
export function reviewedFindings({
  prediction,
  verdicts,
  readerLabels,
}: Pick<Workbench, 'prediction' | 'verdicts' | 'readerLabels'>): ReviewedFinding[] {
  if (prediction.kind !== 'done') return []
  return prediction.summary.file.findings.flatMap(({ id, centreRasMm, volumeMm3 }, index) => {
    const verdict = verdicts[id]
    if (!verdict) return []
    const malignancy = verdict === 'accepted' ? (readerLabels[id] ?? null) : null
    return [{ id, centreRasMm, volumeMm3, verdict, malignancy, value: index + 1 }]
  })
}
