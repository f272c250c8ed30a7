// One line: what runs and how far, where, memory, the privacy sentence.
import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from 'react-aria-components'
import type { PredictionState } from '../state/predictionSlice.ts'
import { formatMegabytes, formatSeconds } from './format.ts'
import { describeRun } from './train/describeRun.ts'
import { Hint } from './Hint.tsx'
import { useWorkbench } from './useWorkbench.ts'

export function StatusBar({ onComputer }: { onComputer: () => void }) {
  const prediction = useWorkbench(state => state.prediction)
  const isWindingDown = useWorkbench(state => state.isWindingDown)
  const cancel = useWorkbench(state => state.cancelPrediction)
  const openCase = useWorkbench(state => state.openCase)
  const compute = useWorkbench(state => state.compute)
  const memory = useMemory()
  let now = openCase ? 'Ready' : 'No scan is open'
  if (isWindingDown) now = 'Cancelled; the last tile is ending'
  if (prediction.kind === 'running') {
    const { stage, done, total, secondsLeft } = prediction.progress
    const count = total > 1 ? ` ${done} of ${total}` : ''
    now = `${stage}${count}${secondsLeft === null ? '' : `, about ${formatSeconds(secondsLeft)} left`}`
  }
  if (prediction.kind === 'done') now = `Analysed in ${formatSeconds(prediction.summary.seconds)}`
  return (
    <footer className="status-bar">
      <span className="status-now">{now}</span>
      <span className="visually-hidden" role="status">
        {spoken(prediction, now)}
      </span>
      {prediction.kind === 'running' && (
        <Button className="text-button" onPress={cancel}>
          <X size={13} aria-hidden /> Cancel
        </Button>
      )}
      <RunLine />
      <span className="top-space" />
      {compute.kind === 'ready' && (
        <Hint text="This computer: what runs where, self-test">
          <Button className="text-button quiet" onPress={onComputer}>
            Runs on {compute.device.label}
          </Button>
        </Hint>
      )}
      {memory !== undefined && <span className="figures">{formatMegabytes(memory)} in use</span>}
      <span>Nothing leaves this computer</span>
    </footer>
  )
}

/** The run that goes on while the page shows something else. */
function RunLine() {
  const liveRun = useWorkbench(state => state.liveRun)
  const mode = useWorkbench(state => state.mode)
  const setMode = useWorkbench(state => state.setMode)
  if (mode === 'train' || liveRun.kind === 'none') return null
  return (
    <Button className="text-button quiet" onPress={() => setMode('train')}>
      {describeRun(liveRun)}
    </Button>
  )
}

/** Every quarter of the way is said, not every tile. */
function spoken(prediction: PredictionState, now: string): string {
  if (prediction.kind !== 'running') return now
  const { stage, done, total } = prediction.progress
  return total > 1 ? `${stage}, ${Math.floor((4 * done) / total) * 25} %` : stage
}

/** The whole page's memory with its workers, where the browser tells (an isolated page in Chromium). */
function useMemory(): number | undefined {
  const [bytes, setBytes] = useState<number>()
  useEffect(() => {
    const measure = (
      performance as Performance & { measureUserAgentSpecificMemory?: () => Promise<{ bytes: number }> }
    ).measureUserAgentSpecificMemory
    if (!measure || !crossOriginIsolated) return
    let isGone = false
    const ask = () =>
      measure.call(performance).then(
        result => {
          if (!isGone) setBytes(result.bytes)
        },
        () => undefined,
      )
    void ask()
    const timer = setInterval(() => void ask(), 30_000)
    return () => {
      isGone = true
      clearInterval(timer)
    }
  }, [])
  return bytes
}
