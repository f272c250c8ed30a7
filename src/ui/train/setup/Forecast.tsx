// What a run will take on this device, before it starts.
import { formatMegabytes, formatSeconds } from '../../format.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { Failed } from '../../Failed.tsx'

export function Forecast() {
  const state = useWorkbench(state => state.finetuneForecast)
  if (state.kind === 'failed') return <Failed failure={state.failure} />
  if (state.kind === 'none') return null
  if (state.kind === 'running')
    return (
      <p className="secondary" role="status">
        Forecasting memory and time on this device …
      </p>
    )
  const { bytes, seconds, device, problems } = state.forecast
  return (
    <>
      <p className="figures" data-testid="finetune-forecast">
        {seconds === null ? 'Time not yet known' : `About ${formatSeconds(seconds)}`},{' '}
        {formatMegabytes(bytes)} <span className="secondary">on {device}</span>
      </p>
      {problems.map(problem => (
        <p key={problem} className="warning" role="alert">
          {problem}
        </p>
      ))}
    </>
  )
}
