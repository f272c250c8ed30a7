// The middle of the page while somebody trains: the run, or the open scan under it, which stays where it is.
import { OptionRow } from '../OptionRow.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { RunView } from './RunView.tsx'

export function RunStage() {
  const hasScan = useWorkbench(state => state.openCase !== null)
  const stage = useWorkbench(state => state.trainStage)
  const isRunShown = !hasScan || stage === 'run'
  return (
    <>
      {isRunShown && (
        <div className="run-stage" role="region" aria-label="Run">
          {hasScan && <StageSwitch />}
          <RunView />
        </div>
      )}
      {!isRunShown && (
        <div className="stage-switch-over">
          <StageSwitch />
        </div>
      )}
    </>
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
