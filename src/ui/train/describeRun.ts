// The run that goes on, in one line.
import { updatesMade } from '../../state/liveRunSlice.ts'
import type { LiveRun } from '../../state/liveRunSlice.ts'
import { formatSeconds } from '../format.ts'

export function describeRun(run: Exclude<LiveRun, { kind: 'none' }>): string {
  if (run.kind === 'preparing') return `Training: ${run.progress.stage}`
  if (run.kind === 'ended') return `Training ${run.end === 'finished' ? 'finished' : 'stopped'}`
  if (run.kind === 'failed') return 'Training failed'
  const { rows, steps, status } = run
  const last = rows.at(-1)
  const done = updatesMade(rows)
  const left =
    last && status === 'running' && done < steps ? `, about ${formatSeconds(last.secondsLeft)} left` : ''
  return `${status === 'paused' ? 'Training paused' : 'Training'}: ${done} of ${steps} updates${left}`
}
