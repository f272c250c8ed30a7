// The middle of the page while somebody trains: the run, or the open scan under it, which stays where it is.
import { OptionRow } from '../OptionRow.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { CaseCard } from './result/CaseCard.tsx'
import { RunView } from './RunView.tsx'

export function RunStage() {
  const hasScan = useWorkbench(state => state.openCase !== null)
  const stage = useWorkbench(state => state.trainStage)
  if (hasScan && stage === 'scan') return null
  return (
    <div className="run-stage" role="region" aria-label="Run">
      {hasScan && <StageSwitch />}
      <RunView />
    </div>
  )
}

/** Over the views of the scan: the way back to the run, and what is looked at. */
export function StageBar() {
  return (
    <div className="stage-bar">
      <StageSwitch />
      <CaseCard />
    </div>
  )
}

const STAGES = [
  { id: 'run', name: 'Run' },
  { id: 'scan', name: 'Scan' },
] as const

function StageSwitch() {
  const stage = useWorkbench(state => state.trainStage)
  const setStage = useWorkbench(state => state.setTrainStage)
  return (
    <OptionRow
      className="stage-switch"
      name="What the middle shows"
      value={stage}
      options={STAGES}
      set={setStage}
    />
  )
}
