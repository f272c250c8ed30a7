// What a fine-tuning run shows below its curves: examples while it goes on, the report when it has ended.
import { useEffect } from 'react'
import { Failed } from '../../Failed.tsx'
import { Progress } from '../../Progress.tsx'
import { useWorkbench, useWorkbenchStore } from '../../useWorkbench.ts'
import type { KindViewProps } from '../kindViews.ts'
import { Examples } from './Examples.tsx'
import { ReportView } from './ReportView.tsx'

export function FinetuneView({ details }: KindViewProps) {
  const liveRun = useWorkbench(state => state.liveRun)
  const id = details?.summary.id ?? null
  const liveId = 'id' in liveRun ? liveRun.id : null
  const isGoing = liveRun.kind === 'going' && (id === null || liveId === id)
  if (isGoing) return <Going id={liveId} />
  return id === null ? null : <Ended id={id} savedSteps={details?.summary.savedSteps ?? 0} />
}

function Going({ id }: { id: string | null }) {
  const load = useWorkbench(state => state.loadRunCrops)
  useEffect(() => {
    // After a reload the run has its boxes and the page has not.
    if (id !== null) void load(id)
  }, [load, id])
  return <Examples />
}

function Ended({ id, savedSteps }: { id: string; savedSteps: number }) {
  const judge = useWorkbench(state => state.judgeRun)
  const state = useWorkbench(one => one.finetuneReport)
  const store = useWorkbenchStore()
  useEffect(() => {
    // A finished run stays judged while its reader is elsewhere, and what was kept of it can still be undone.
    const { finetuneReport: known } = store.getState()
    const isJudged = known.kind === 'done' && known.runId === id && known.isFinished
    if (savedSteps > 0 && !isJudged) void judge(id)
  }, [judge, store, id, savedSteps])
  if (state.kind === 'running') return <Progress {...state.progress} />
  if (state.kind === 'failed') return <Failed failure={state.failure} />
  return <ReportView />
}
