// What is being done, how far, how long it still takes. The bar shows only where there is something to count.
import { Label, ProgressBar } from 'react-aria-components'
import { formatSeconds } from './format.ts'

interface ProgressProps {
  readonly stage: string
  readonly done: number
  readonly total: number
  readonly secondsLeft?: number | null
  /** Tiles, files, slices; undefined shows per cent. */
  readonly unit?: string
}

export function Progress({ stage, done, total, secondsLeft, unit }: ProgressProps) {
  const isCounted = total > 1
  const counted = unit ? `${done} of ${total} ${unit}` : `${Math.round((100 * done) / Math.max(1, total))} %`
  const left =
    secondsLeft === null || secondsLeft === undefined ? '' : `, about ${formatSeconds(secondsLeft)} left`
  return (
    <ProgressBar
      className="progress"
      value={isCounted ? done : undefined}
      maxValue={Math.max(1, total)}
      isIndeterminate={!isCounted}
      valueLabel={isCounted ? counted + left : undefined}
    >
      {({ percentage, isIndeterminate }) => (
        <>
          <div className="progress-text">
            <Label>{stage}</Label>
            <span className="figures">{isCounted ? counted + left : ''}</span>
          </div>
          <div className="progress-track">
            <div
              className={isIndeterminate ? 'progress-fill moving' : 'progress-fill'}
              style={isIndeterminate ? undefined : { width: `${percentage}%` }}
            />
          </div>
        </>
      )}
    </ProgressBar>
  )
}
