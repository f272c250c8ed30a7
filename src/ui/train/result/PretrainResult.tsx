// What becomes of a pretraining: a model for the attention lab and a start for fine-tuning.
import { Undo2 } from 'lucide-react'
import { Button } from 'react-aria-components'
import { keptOfRun, savedStepsOf } from '../../../state/pretrainResultSlice.ts'
import { isElsewhere } from '../../../state/runsSlice.ts'
import type { Workbench } from '../../../state/store.ts'
import { sourceKey } from '../../../worker/sourceKey.ts'
import type { ModelEntry } from '../../../worker/modelProtocol.ts'
import type { RunSummary } from '../../../worker/trainProtocol.ts'
import { useWorkbench, useWorkbenchStore } from '../../useWorkbench.ts'
import { KeepForm, KeptName } from './KeepForm.tsx'

/** Why nothing can be kept of the run now; null when it can. */
function waitingFor(state: Workbench, run: RunSummary): string | null {
  const { liveRun } = state
  const isOwn = 'id' in liveRun && liveRun.id === run.id
  const isPaused = liveRun.kind === 'going' && liveRun.status === 'paused'
  if (isOwn && (liveRun.kind === 'preparing' || liveRun.kind === 'going') && !isPaused)
    return 'While the run goes on, its model changes. Pause it, or wait for its end, to keep what it has learnt.'
  if (isElsewhere(state, run))
    return 'Another tab is training this run. When it has ended or is closed there, its model can be kept here.'
  return savedStepsOf(state, run) > 0
    ? null
    : 'Nothing of this run is saved yet. Continue it to its first save, then keep its model.'
}

export function PretrainResult({ run }: { run: RunSummary }) {
  const kept = useWorkbench(state => keptOfRun(state, run))
  const savedSteps = useWorkbench(state => savedStepsOf(state, run))
  const waiting = useWorkbench(state => waitingFor(state, run))
  const { keepPretrained } = useWorkbenchStore().getState()
  if (kept.kind === 'done') return <Kept entry={kept.entry} />
  if (waiting !== null) return <p className="secondary">{waiting}</p>
  return (
    <div className="train-result">
      <p className="secondary">
        What it has learnt, student and teacher, can be kept as a model: for the attention lab, and as a start
        for fine-tuning. It finds and judges nothing.
      </p>
      <KeepForm
        kept={kept}
        suggestion="my-pretraining"
        keep={(name, version) => keepPretrained({ id: run.id, savedSteps }, name, version)}
      />
    </div>
  )
}

function Kept({ entry }: { entry: ModelEntry }) {
  const { lookIntoPretrained, startFromPretrained, undoPretrained, packModel } =
    useWorkbenchStore().getState()
  const isStart = useWorkbench(state => state.finetuneStart === sourceKey(entry.source))
  const hasCase = useWorkbench(state => state.openCase !== null)
  return (
    <div className="train-result">
      <KeptName entry={entry}>
        It stands under Models, in the attention lab{hasCase ? '' : ' (open a scan to look at)'} and among the
        starts of fine-tuning.
      </KeptName>
      <div className="export-row">
        <Button className="button primary" onPress={lookIntoPretrained}>
          Look into it
        </Button>
        <Button className="button" isDisabled={isStart} onPress={startFromPretrained}>
          {isStart ? 'Fine-tuning starts from it' : 'Fine-tune from it'}
        </Button>
        <Button className="button" onPress={() => void packModel(entry)}>
          Take away as zip
        </Button>
        <Button className="button" onPress={() => void undoPretrained()}>
          <Undo2 size={13} aria-hidden /> Undo
        </Button>
      </div>
    </div>
  )
}
