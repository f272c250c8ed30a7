// Semantic attention: which head, clean or behind patch dropout, its colour bar and the value at the crosshair.
import { Button, Switch } from 'react-aria-components'
import { attentionSpread, describeSpread, isNearlyEven } from '../../insight/attentionSpread.ts'
import { mapOf, rangeOf } from '../../state/attentionSlice.ts'
import { Failed } from '../Failed.tsx'
import { formatPercent } from '../format.ts'
import { OptionRow } from '../OptionRow.tsx'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { LabSlider } from './LabSlider.tsx'
import { PaintSwitch } from './PaintSwitch.tsx'
import { SeedStepper } from './SeedStepper.tsx'
import { useAttention, useAttentionHere } from './useLab.ts'

const FIRST_DROPOUT = { seed: 1, ratio: 0.7 } as const

export function AttentionSection() {
  const attention = useWorkbench(state => state.attention)
  const cancel = useWorkbench(state => state.cancelAttention)
  const compute = useWorkbench(state => state.computeAttention)
  const result = useAttention()
  return (
    <>
      {attention.kind === 'running' && (
        <div className="lab-running">
          <Progress {...attention.progress} />
          <Button className="button small" onPress={cancel}>
            Cancel
          </Button>
        </div>
      )}
      {attention.kind === 'failed' && <Failed failure={attention.failure} />}
      {attention.kind === 'none' && (
        <Button className="button" onPress={() => void compute()}>
          Compute the attention
        </Button>
      )}
      {attention.kind === 'done' &&
        attention.notices.map(notice => (
          <p key={notice} className="warning">
            {notice}
          </p>
        ))}
      {result && (
        <>
          <HeadChoice heads={result.heads} />
          <ColourBar />
          <ColourChoice />
          <PaintSwitch painter="attention" />
          <Noise />
        </>
      )}
    </>
  )
}

function HeadChoice({ heads }: { heads: number }) {
  const head = useWorkbench(state => state.head)
  const setHead = useWorkbench(state => state.setHead)
  const options = Array.from({ length: heads + 1 }, (_, id) =>
    id === 0 ? { id, name: 'Mean', label: 'Mean over heads' } : { id, name: String(id), label: `Head ${id}` },
  )
  return <OptionRow isWrapping name="Head" value={head} options={options} set={setHead} />
}

/** What the colours mean, with a tick at the crosshair's value. */
function ColourBar() {
  const result = useAttention()
  const head = useWorkbench(state => state.head)
  const colourBy = useWorkbench(state => state.colourBy)
  const here = useAttentionHere()
  if (!result) return null
  const values = mapOf(result, head)
  const isRank = colourBy === 'rank'
  const [, top] = rangeOf(values)
  const at =
    here && (isRank ? 1 - (here.rank - 1) / Math.max(1, here.tokens - 1) : here.value / Math.max(top, 1e-12))
  return (
    <div className="colour-bar">
      <div className="magma" aria-hidden>
        {at !== undefined && <span style={{ left: `${100 * Math.min(1, at)}%` }} />}
      </div>
      <div className="colour-ends figures">
        <span>{isRank ? 'least' : '0'}</span>
        <span className="secondary">attention from CLS</span>
        <span>{isRank ? 'most' : `≥ ${top.toPrecision(3)}`}</span>
      </div>
      <p className="figures" data-testid="attention-here">
        {here
          ? `Here ${here.value.toPrecision(3)}, rank ${here.rank} of ${here.tokens} tokens`
          : 'The crosshair is outside of the region.'}
      </p>
      <Spread values={values} isRank={isRank} />
    </div>
  )
}

/** The map's range in numbers, so that nobody reads structure into what is all but even. */
function Spread({ values, isRank }: { values: Float32Array; isRank: boolean }) {
  const spread = attentionSpread(values)
  return (
    <>
      <p className="secondary figures" data-testid="attention-spread">
        {describeSpread(spread)}
      </p>
      {isNearlyEven(spread) && isRank && (
        <p className="warning">
          Colours by rank stretch these small differences over the whole scale: they may say little.
        </p>
      )}
    </>
  )
}

const COLOURS = [
  { id: 'value', name: 'By value' },
  { id: 'rank', name: 'By rank' },
] as const

function ColourChoice() {
  const colourBy = useWorkbench(state => state.colourBy)
  const setColourBy = useWorkbench(state => state.setColourBy)
  return <OptionRow name="Colours" value={colourBy} options={COLOURS} set={setColourBy} />
}

function Noise() {
  const dropout = useWorkbench(state => state.dropout)
  const setDropout = useWorkbench(state => state.setDropout)
  return (
    <>
      <Switch
        className="switch"
        isSelected={dropout !== null}
        onChange={isOn => setDropout(isOn ? FIRST_DROPOUT : null)}
      >
        <span className="switch-track" />
        Patch dropout, as the noisy teacher sees
      </Switch>
      {dropout && (
        <>
          <LabSlider
            name="Dropped"
            value={dropout.ratio}
            set={ratio => setDropout({ ...dropout, ratio })}
            max={0.95}
            step={0.05}
            format={formatPercent}
          />
          <SeedStepper name="Draw" seed={dropout.seed} set={seed => setDropout({ ...dropout, seed })} />
          <p className="secondary">
            Dark patches of 2 voxels a side have fallen: the network gets zeros there.
          </p>
        </>
      )}
    </>
  )
}
