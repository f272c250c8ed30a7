// The curves of a run of each kind, for the page and for files.
import { finetuneCurves } from '../training/finetune/curves.ts'
import type { FinetuneRow } from '../training/finetune/figures.ts'
import { pretrainCurves } from '../training/pretrain/curves.ts'
import type { PretrainRow } from '../training/pretrain/performPretraining.ts'
import { smooth, smoothingFor } from '../training/run/curveSvg.ts'
import type { CurvePanel, CurveSeries } from '../training/run/curveSvg.ts'
import type { RunKind, RunRow } from './trainProtocol.ts'

export { smooth, smoothingFor }
export type { CurvePanel, CurveSeries }

/** Panels over the run's updates, one below the other; none before the first update. */
export function curvesOf(kind: RunKind, rows: readonly RunRow[]): readonly CurvePanel[] {
  if (kind === 'pretrain') return pretrainCurves(rows as readonly PretrainRow[])
  return finetuneCurves(rows as unknown as readonly FinetuneRow[])
}
