// The settings that the papers vary: ratios, teacher noise, attention's stage, weights of the losses; and the optimiser's.
import { useWorkbench } from '../useWorkbench.ts'
import { Choice } from '../lab/Choice.tsx'
import { LabSlider } from '../lab/LabSlider.tsx'
import { NumberChoice } from './NumberChoice.tsx'
import { LOSSES, SEMANTIC_STAGES } from './pretrainNames.ts'

export function PretrainAdvanced() {
  return (
    <>
      <Masking />
      <Losses />
      <Optimiser />
    </>
  )
}

function Masking() {
  const options = useWorkbench(state => state.pretrainWish.options)
  const change = useWorkbench(state => state.changePretrainOptions)
  const stage = options.semanticStage === null ? 'off' : String(options.semanticStage)
  return (
    <>
      <LabSlider name="Hidden, r" value={options.maskRatio} set={maskRatio => change({ maskRatio })} />
      <LabSlider name="Hints, s" value={options.hintRatio} set={hintRatio => change({ hintRatio })} />
      <LabSlider
        name="Noise, rt"
        value={options.teacherDropRatio}
        max={0.95}
        format={value => (value === 0 ? 'off' : value.toFixed(2))}
        set={teacherDropRatio => change({ teacherDropRatio })}
      />
      <Choice
        label="Semantic attention"
        value={stage}
        options={SEMANTIC_STAGES}
        onChange={id =>
          change({ semanticStage: id === 'off' ? null : (Number(id) as typeof options.semanticStage) })
        }
      />
    </>
  )
}

function Losses() {
  const weights = useWorkbench(state => state.pretrainWish.options.lossWeights)
  const change = useWorkbench(state => state.changePretrainOptions)
  return (
    <div role="group" aria-label="Weights of the losses" className="number-group">
      {LOSSES.map(({ id, name }) => (
        <NumberChoice
          key={id}
          label={name}
          value={weights[id]}
          digits={3}
          onChange={weight => change({ lossWeights: { ...weights, [id]: weight } })}
        />
      ))}
    </div>
  )
}

function Optimiser() {
  const wish = useWorkbench(state => state.pretrainWish)
  const change = useWorkbench(state => state.changePretraining)
  const changeOptions = useWorkbench(state => state.changePretrainOptions)
  const saveEvery = useWorkbench(state => state.saveEvery)
  const setSaveEvery = useWorkbench(state => state.setSaveEvery)
  const { options } = wish
  return (
    <div role="group" aria-label="Updates" className="number-group">
      <NumberChoice
        label="Crops of a pass"
        value={options.batch}
        low={1}
        onChange={batch => changeOptions({ batch })}
      />
      <NumberChoice
        label="Passes an update"
        value={options.accumulate}
        low={1}
        onChange={accumulate => changeOptions({ accumulate })}
      />
      <NumberChoice
        label="Learning rate"
        value={options.learningRate}
        digits={7}
        onChange={learningRate => changeOptions({ learningRate })}
      />
      <NumberChoice
        label="Weight decay"
        value={options.weightDecay}
        digits={5}
        onChange={weightDecay => changeOptions({ weightDecay })}
      />
      <NumberChoice
        label="Crop spacing"
        value={wish.spacingMm ?? 1.5}
        low={0.1}
        high={20}
        digits={2}
        unit="mm"
        onChange={spacingMm => change({ spacingMm })}
      />
      <NumberChoice label="Seed" value={options.seed} onChange={seed => changeOptions({ seed })} />
      <NumberChoice
        label="Saved every"
        value={saveEvery}
        low={1}
        unit="updates"
        onChange={value => setSaveEvery(value)}
      />
      <NumberChoice
        label="Memory for volumes"
        value={wish.memoryBytes / 1e6}
        low={64}
        unit="MB"
        onChange={megabytes => change({ memoryBytes: megabytes * 1e6 })}
      />
    </div>
  )
}
