// How long a run takes here: two of its updates are made and timed, then it is known rather than guessed.
import { Timer } from 'lucide-react'
import { Button } from 'react-aria-components'
import { Failed } from '../../Failed.tsx'
import { formatSeconds } from '../../format.ts'
import { Progress } from '../../Progress.tsx'
import { useWorkbench } from '../../useWorkbench.ts'

export function Timing() {
  const timing = useWorkbench(state => state.finetuneTiming)
  const measure = useWorkbench(state => state.measureFinetuning)
  const cancel = useWorkbench(state => state.cancelMeasuring)
  if (timing.kind === 'failed') return <Failed failure={timing.failure} />
  if (timing.kind === 'running')
    return (
      <div className="lab-running">
        <Progress {...timing.progress} />
        <Button className="button small" onPress={cancel}>
          Cancel
        </Button>
      </div>
    )
  if (timing.kind === 'done')
    return (
      <p className="figures" data-testid="finetune-time">
        About {formatSeconds(timing.seconds)}{' '}
        <span className="secondary">at most, by two updates made here</span>
      </p>
    )
  return (
    <Button className="button small" onPress={() => void measure()}>
      <Timer size={13} aria-hidden /> Time it on this device
    </Button>
  )
}
