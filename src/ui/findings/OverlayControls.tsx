// How the prediction is drawn over the scan.
import { Label, Slider, SliderThumb, SliderTrack, Switch } from 'react-aria-components'
import type { OverlaySettings } from '../../state/viewSlice.ts'
import { formatPercent } from '../format.ts'
import { OptionRow } from '../OptionRow.tsx'
import { useWorkbench } from '../useWorkbench.ts'

type Drawn = 'outline' | 'filled' | 'probability'

const DRAWN: readonly { readonly id: Drawn; readonly name: string }[] = [
  { id: 'outline', name: 'Outline' },
  { id: 'filled', name: 'Filled' },
  { id: 'probability', name: 'Probability' },
]

export function OverlayControls() {
  const overlay = useWorkbench(state => state.overlay)
  const change = useWorkbench(state => state.changeOverlay)
  const drawn: Drawn = overlay.show === 'probability' ? 'probability' : overlay.style
  const draw = (value: Drawn) =>
    change(value === 'probability' ? { show: 'probability' } : { show: 'labels', style: value })
  return (
    <section className="overlay-controls" aria-label="Overlay">
      <div className="list-head">
        <h2>Overlay</h2>
        <span className="top-space" />
        <Switch className="switch" isSelected={overlay.visible} onChange={visible => change({ visible })}>
          <span className="switch-track" />
          {overlay.visible ? 'Shown' : 'Hidden'}
        </Switch>
      </div>
      <OptionRow name="Drawn as" value={drawn} options={DRAWN} set={draw} />
      {drawn !== 'outline' && (
        <Fraction name="Opacity" value={overlay.opacity} set={opacity => change({ opacity })} />
      )}
      {drawn === 'probability' && <Threshold overlay={overlay} set={threshold => change({ threshold })} />}
    </section>
  )
}

function Threshold({ overlay, set }: { overlay: OverlaySettings; set: (value: number) => void }) {
  return (
    <>
      <Fraction name="Threshold" value={overlay.threshold} set={set} />
      <div className="inferno" aria-hidden>
        <span style={{ left: `${overlay.threshold * 100}%` }} />
      </div>
    </>
  )
}

function Fraction({ name, value, set }: { name: string; value: number; set: (value: number) => void }) {
  return (
    <Slider
      className="slider"
      value={value}
      minValue={0}
      maxValue={1}
      step={0.05}
      onChange={next => set(next as number)}
      formatOptions={{ style: 'percent' }}
    >
      <Label>{name}</Label>
      <SliderTrack className="slider-track">
        <SliderThumb className="slider-thumb" />
      </SliderTrack>
      <span className="figures slider-value">{formatPercent(value)}</span>
    </Slider>
  )
}
