// The middle of the page while somebody trains: the run, or the open scan under it, which stays where it is.
import { Radio, RadioGroup } from 'react-aria-components'
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

function StageSwitch() {
  const stage = useWorkbench(state => state.trainStage)
  const setStage = useWorkbench(state => state.setTrainStage)
  return (
    <RadioGroup
      className="segmented stage-switch"
      aria-label="What the middle shows"
      orientation="horizontal"
      value={stage}
      onChange={value => setStage(value as typeof stage)}
    >
      <Radio value="run">Run</Radio>
      <Radio value="scan">Scan</Radio>
    </RadioGroup>
  )
}
