// Everything that a run can be told, for who wants to: the recommendation has set all of it.
import type { FinetuneSettings } from '../../../worker/finetuneProtocol.ts'
import { OptionRow } from '../../OptionRow.tsx'
import { useWorkbench } from '../../useWorkbench.ts'
import { NumberRow } from '../fields/NumberRow.tsx'
import { SwitchRow } from '../fields/SwitchRow.tsx'

const SHARES = [
  { id: '0.25', name: '25 %' },
  { id: '0.5', name: '50 %' },
  { id: '1', name: 'All labels' },
] as const

export function AdvancedFields({ settings }: { settings: FinetuneSettings }) {
  return (
    <>
      <ValidationFields settings={settings} />
      <StepFields settings={settings} />
      <LossFields settings={settings} />
    </>
  )
}

interface FieldsProps {
  readonly settings: FinetuneSettings
}

function ValidationFields({ settings }: FieldsProps) {
  const change = useWorkbench(state => state.changeFinetuning)
  const { validation, labelShare } = settings
  return (
    <>
      <OptionRow
        isWrapping
        name="How the cases are divided"
        value={validation.kind}
        options={[
          { id: 'folds', name: 'Folds' },
          { id: 'holdout', name: 'Hold-out' },
        ]}
        set={kind =>
          change({
            validation: kind === 'folds' ? { kind, folds: 5 } : { kind, validation: 0.2, test: 0.2 },
          })
        }
      />
      {validation.kind === 'folds' ? (
        <NumberRow
          name="Folds, by patient"
          value={validation.folds}
          low={2}
          high={10}
          set={folds => change({ validation: { kind: 'folds', folds } })}
        />
      ) : (
        <>
          <ShareRow
            name="For early stopping"
            value={validation.validation}
            set={share => change({ validation: { ...validation, validation: share } })}
          />
          <ShareRow
            name="Test, opened once"
            value={validation.test}
            set={share => change({ validation: { ...validation, test: share } })}
          />
        </>
      )}
      <OptionRow
        isWrapping
        name="Share of the labels"
        value={String(labelShare)}
        options={SHARES}
        set={share => change({ labelShare: Number(share) })}
      />
    </>
  )
}

interface ShareRowProps {
  readonly name: string
  readonly value: number
  readonly set: (share: number) => void
}

function ShareRow({ name, value, set }: ShareRowProps) {
  const percent = Math.round(value * 100)
  return <NumberRow name={name} value={percent} low={5} high={60} unit="%" set={next => set(next / 100)} />
}

function StepFields({ settings }: FieldsProps) {
  const change = useWorkbench(state => state.changeFinetuning)
  const { method, epochs, batch, accumulate, learningRate, layerDecay, loraRank } = settings
  return (
    <>
      <NumberRow name="Epochs" value={epochs} low={1} high={1000} set={next => change({ epochs: next })} />
      <NumberRow
        name="Batch"
        value={batch}
        low={1}
        high={32}
        unit="crops"
        set={next => change({ batch: next })}
      />
      <NumberRow
        name="Accumulation"
        value={accumulate}
        low={1}
        high={64}
        unit="passes"
        set={next => change({ accumulate: next })}
      />
      <NumberRow
        name="Learning rate"
        value={learningRate}
        low={0.000001}
        high={1}
        step={0.000001}
        digits={6}
        set={next => change({ learningRate: next })}
      />
      {method === 'full' && (
        <NumberRow
          name="Layer decay"
          value={layerDecay}
          low={0.1}
          high={1}
          step={0.05}
          digits={2}
          set={next => change({ layerDecay: next })}
        />
      )}
      {method === 'lora' && (
        <NumberRow name="Rank" value={loraRank} low={1} high={64} set={next => change({ loraRank: next })} />
      )}
    </>
  )
}

function LossFields({ settings }: FieldsProps) {
  const change = useWorkbench(state => state.changeFinetuning)
  const { task, balanceClasses, labelSmoothing, patience, averaging, weightDecay, seed } = settings
  return (
    <>
      {task !== 'segment' && (
        <>
          <SwitchRow
            name="Rare classes count more"
            isSelected={balanceClasses}
            set={next => change({ balanceClasses: next })}
          />
          <NumberRow
            name="Label smoothing"
            value={labelSmoothing}
            low={0}
            high={0.4}
            step={0.01}
            digits={2}
            set={next => change({ labelSmoothing: next })}
          />
        </>
      )}
      <NumberRow
        name="Weight decay"
        value={weightDecay}
        low={0}
        high={1}
        step={0.001}
        digits={4}
        set={next => change({ weightDecay: next })}
      />
      <SwitchRow
        name="Stop early"
        isSelected={patience !== null}
        set={next => change({ patience: next ? 5 : null })}
      />
      {patience !== null && (
        <NumberRow
          name="Patience"
          value={patience}
          low={1}
          high={100}
          unit="epochs"
          set={next => change({ patience: next })}
        />
      )}
      <NumberRow
        name="Averaging of weights"
        value={averaging}
        low={0}
        high={0.9999}
        step={0.001}
        digits={4}
        set={next => change({ averaging: next })}
      />
      <NumberRow name="Seed" value={seed} low={0} high={999_999} set={next => change({ seed: next })} />
    </>
  )
}
