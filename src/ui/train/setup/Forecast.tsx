// What a run will take on this device, before it starts.
import { Failed } from '../../Failed.tsx'
import { formatMegabytes } from '../../format.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { Timing } from './Timing.tsx'

export function Forecast() {
  const forecast = useWorkbench(state => state.finetuneForecast)
  if (forecast.kind === 'failed') return <Failed failure={forecast.failure} />
  if (forecast.kind === 'none') return null
  if (forecast.kind === 'running')
    return (
      <p className="secondary" role="status">
        Forecasting the memory on this device …
      </p>
    )
  const { gpuBytes, saveBytes, updates, device, problems } = forecast.forecast
  return (
    <>
      <p className="figures" data-testid="finetune-forecast">
        At most {updates} updates{gpuBytes !== null && `, ${formatMegabytes(gpuBytes)} for a step on a GPU`},{' '}
        {formatMegabytes(saveBytes)} kept in this browser <span className="secondary">on {device}</span>
      </p>
      {problems.map(problem => (
        <p key={problem} className="warning" role="alert">
          {problem}
        </p>
      ))}
      {problems.length === 0 && <Timing />}
    </>
  )
}
