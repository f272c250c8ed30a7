// A pretraining is set up here: what from, which network, how long; what it will take; begin.
import { useEffect } from 'react'
import { Play } from 'lucide-react'
import { Button } from 'react-aria-components'
import { isLive } from '../../state/liveRunSlice.ts'
import { pretrainProblem } from '../../state/pretrainSlice.ts'
import { Failed } from '../Failed.tsx'
import { formatMegabytes } from '../format.ts'
import { Choice } from '../lab/Choice.tsx'
import { OptionRow } from '../OptionRow.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { Fold } from './Fold.tsx'
import { NumberChoice } from './NumberChoice.tsx'
import { PretrainAdvanced } from './PretrainAdvanced.tsx'
import { PretrainData } from './PretrainData.tsx'
import { MASKINGS, PRESETS } from './pretrainNames.ts'

export function PretrainSection() {
  const wish = useWorkbench(state => state.pretrainWish)
  const change = useWorkbench(state => state.changePretraining)
  const changeOptions = useWorkbench(state => state.changePretrainOptions)
  const { options } = wish
  return (
    <>
      <p className="secondary">
        A student learns from scans without labels: it predicts what a noisy teacher’s attention has hidden
        from it.
      </p>
      <PretrainData />
      <OptionRow
        name="Preset"
        value={wish.preset}
        options={PRESETS.map(id => ({ id, name: id }))}
        set={preset => change({ preset })}
      />
      <Choice
        label="Masks"
        value={options.masking}
        options={MASKINGS}
        onChange={masking => changeOptions({ masking: masking as typeof options.masking })}
      />
      <NumberChoice
        label="Updates"
        value={options.steps}
        low={1}
        onChange={steps => changeOptions({ steps })}
      />
      <Fold title="Advanced">
        <PretrainAdvanced />
      </Fold>
      <Forecast />
      <Begin />
    </>
  )
}

/** Asked for when the settings have rested for a moment. */
const restMs = 700

function Forecast() {
  const wish = useWorkbench(state => state.pretrainWish)
  const hasProblem = useWorkbench(state => pretrainProblem(state) !== null)
  const isBusy = useWorkbench(isLive)
  const forecast = useWorkbench(state => state.pretrainForecast)
  const isUnknown = forecast.kind === 'none'
  const ask = useWorkbench(state => state.forecastPretraining)
  useEffect(() => {
    // A run that computes would answer late, and its own memory is known by then.
    if (hasProblem || isBusy || !isUnknown) return
    const timer = setTimeout(() => void ask(), restMs)
    return () => clearTimeout(timer)
  }, [wish, hasProblem, isBusy, isUnknown, ask])
  if (forecast.kind === 'failed') return <Failed failure={forecast.failure} />
  if (forecast.kind === 'running') return <p className="secondary">Forecasting the memory…</p>
  if (forecast.kind !== 'done') return null
  const { parameters, stateBytes, gpuBytes, fitsEveryGpu } = forecast.forecast
  const onGpu =
    gpuBytes === null
      ? 'An update is too large for one GPU buffer: choose a smaller batch or crop.'
      : `On a GPU an update takes ${formatMegabytes(gpuBytes)}${fitsEveryGpu ? '' : ', with larger buffers than every GPU has'}.`
  return (
    <p className="secondary figures" data-testid="pretrain-forecast">
      {(parameters / 1e6).toFixed(1)} million parameters; a save takes {formatMegabytes(stateBytes)}. {onGpu}{' '}
      How long it takes is known after its first updates.
    </p>
  )
}

function Begin() {
  const problem = useWorkbench(pretrainProblem)
  const isBusy = useWorkbench(isLive)
  const begin = useWorkbench(state => state.beginPretraining)
  return (
    <>
      {problem !== null && <p className="warning">{problem}</p>}
      {isBusy && <p className="secondary">A run goes on; another one can begin when it has ended.</p>}
      <Button className="button primary" isDisabled={problem !== null || isBusy} onPress={() => void begin()}>
        <Play size={14} aria-hidden /> Begin pretraining
      </Button>
    </>
  )
}
