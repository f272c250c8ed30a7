// The run that goes on: how far, how long still, where; pause, resume and stop; what it has to say.
import { Pause, Play, Square, TriangleAlert, X } from 'lucide-react'
import { Button } from 'react-aria-components'
import { updatesMade } from '../../state/liveRunSlice.ts'
import type { GoingRun } from '../../state/liveRunSlice.ts'
import { Failed } from '../Failed.tsx'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'

const STATUS_WORDS: Record<GoingRun['status'], string> = {
  running: 'Training',
  pausing: 'Pausing after this update',
  paused: 'Paused, saved',
  stopping: 'Stopping after this update',
}

export function LiveRunBox() {
  const liveRun = useWorkbench(state => state.liveRun)
  const dismiss = useWorkbench(state => state.dismissRun)
  const stop = useWorkbench(state => state.stopRun)
  if (liveRun.kind === 'none') return null
  return (
    <section className="live-run" aria-label="The run that goes on">
      {liveRun.kind === 'preparing' && (
        <>
          <Progress {...liveRun.progress} />
          <Button className="button small" onPress={stop}>
            Cancel
          </Button>
        </>
      )}
      {liveRun.kind === 'going' && <Going run={liveRun} />}
      {liveRun.kind === 'ended' && (
        <p role="status">
          {liveRun.end === 'finished' ? 'Finished' : 'Stopped and saved'}: {liveRun.title}. What it has learnt
          is under Result.
        </p>
      )}
      {liveRun.kind === 'failed' && <Failed failure={liveRun.failure} />}
      {(liveRun.kind === 'ended' || liveRun.kind === 'failed') && (
        <Button className="button small" onPress={dismiss}>
          <X size={13} aria-hidden /> Close
        </Button>
      )}
      <Sentences />
    </section>
  )
}

function Going({ run }: { run: GoingRun }) {
  const { pauseRun, resumeRun, stopRun } = useActions()
  const { status, rows, steps, label, savedSteps } = run
  const done = updatesMade(rows)
  const secondsLeft = status === 'running' && rows.length > 0 ? rows.at(-1)!.secondsLeft : null
  return (
    <>
      <Progress
        stage={STATUS_WORDS[status]}
        done={done}
        total={steps}
        unit="updates"
        secondsLeft={done < steps ? secondsLeft : null}
      />
      <p className="secondary" data-testid="run-whereabouts">
        On {label}. {savedSteps > 0 ? `Saved at update ${savedSteps}.` : 'Not yet saved.'}
      </p>
      <div className="choice-buttons at-start">
        {status === 'running' || status === 'pausing' ? (
          <Button className="button" isDisabled={status === 'pausing'} onPress={pauseRun}>
            <Pause size={14} aria-hidden /> Pause
          </Button>
        ) : (
          <Button className="button" isDisabled={status === 'stopping'} onPress={resumeRun}>
            <Play size={14} aria-hidden /> Resume
          </Button>
        )}
        <Button className="button" isDisabled={status === 'stopping'} onPress={stopRun}>
          <Square size={13} aria-hidden /> Stop and save
        </Button>
      </div>
    </>
  )
}

function useActions() {
  const pauseRun = useWorkbench(state => state.pauseRun)
  const resumeRun = useWorkbench(state => state.resumeRun)
  const stopRun = useWorkbench(state => state.stopRun)
  return { pauseRun, resumeRun, stopRun }
}

/** Warnings that hold now, and notices as they came. */
function Sentences() {
  const warnings = useWorkbench(state => state.runWarnings)
  const notices = useWorkbench(state => state.runNotices)
  return (
    <>
      <div role="alert">
        {warnings.map(warning => (
          <p key={warning} className="warning">
            <TriangleAlert size={14} aria-hidden /> <span>{warning}</span>
          </p>
        ))}
      </div>
      <div role="log" aria-label="Notices of the run">
        {notices.map((notice, index) => (
          // Notices are only ever added.
          <p key={index} className="secondary">
            {notice}
          </p>
        ))}
      </div>
    </>
  )
}
