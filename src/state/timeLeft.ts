// How long a piece of work still takes, from how far it got since its stage began.
import type { StageProgress } from '../worker/protocol.ts'

export interface TimedProgress extends StageProgress {
  /** Null or absent while nothing can be said. */
  readonly secondsLeft?: number | null
}

/** Earlier than this a forecast only jumps, seconds. */
const leastElapsed = 2

/** Adds the time left to each report; `now` gives seconds. */
export function timeReports(
  report: (progress: TimedProgress) => void,
  now: () => number = () => performance.now() / 1000,
): (progress: StageProgress) => void {
  let began = { stage: '', total: 0, done: 0, at: 0 }
  return progress => {
    const { stage, done, total } = progress
    if (stage !== began.stage || total !== began.total) began = { stage, total, done, at: now() }
    const elapsed = now() - began.at
    const isKnown = elapsed >= leastElapsed && done > began.done
    const secondsLeft = isKnown ? (elapsed * (total - done)) / (done - began.done) : null
    report({ ...progress, secondsLeft })
  }
}
