// The masks side by side at the same count, live as r and s move; the chosen one is hatched over the scan.
import { useMemo } from 'react'
import { ToggleButton } from 'react-aria-components'
import { attentionSpread, isNearlyEven } from '../../insight/attentionSpread.ts'
import { describeEmptyMask, makeMask, maskKinds, type MaskKind } from '../../insight/masks.ts'
import type { AttentionResult } from '../../worker/labProtocol.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { CropCanvas } from './CropCanvas.tsx'
import { MASK_NAMES } from './maskNames.ts'
import { LabSlider } from './LabSlider.tsx'
import { PaintSwitch } from './PaintSwitch.tsx'
import { PlaneChoice } from './PlaneChoice.tsx'
import { SeedStepper } from './SeedStepper.tsx'
import { useAttention, useCropIndex, useCropWindow } from './useLab.ts'

export function MaskSection() {
  const result = useAttention()
  if (!result) return <p className="secondary">Masks follow from the attention: compute it first.</p>
  return <Masks result={result} />
}

function Masks({ result }: { result: AttentionResult }) {
  const masks = useWorkbench(state => state.masks)
  const change = useWorkbench(state => state.changeMasks)
  const N = result.satt.length
  const problem = describeEmptyMask(N, masks)
  const count = makeMask('attention', result.satt, result.grid, masks)
  return (
    <>
      <LabSlider name="Hidden, r" value={masks.ratio} set={ratio => change({ ratio })} />
      <LabSlider name="Hints, s" value={masks.hint} set={hint => change({ hint })} />
      {problem ? (
        <p className="warning">{problem}</p>
      ) : (
        <p className="figures" data-testid="mask-count">
          {count.masked} of {N} tokens hidden, {count.hints} hints
        </p>
      )}
      {isNearlyEven(attentionSpread(result.satt)) && (
        <p className="secondary">
          The attention is nearly even here: which tokens the masks by attention hide rests on small
          differences.
        </p>
      )}
      <SeedStepper name="Seed" seed={masks.seed} set={seed => change({ seed })} />
      <div className="crop-grid">
        {maskKinds.map(kind => (
          <MaskChoice key={kind} kind={kind} result={result} />
        ))}
        <p className="secondary">
          Hatched is hidden from the student, as many tokens in each kind. Ringed is a hint: attended to most
          and left visible.
        </p>
      </div>
      <PlaneChoice />
      <PaintSwitch painter="masks" hasOpacity={false} />
    </>
  )
}

function MaskChoice({ kind, result }: { kind: MaskKind; result: AttentionResult }) {
  const masks = useWorkbench(state => state.masks)
  const chosen = useWorkbench(state => state.maskKind)
  const show = useWorkbench(state => state.showMask)
  const plane = useWorkbench(state => state.labPlane)
  const { low, high } = useCropWindow()
  const index = useCropIndex(result.crop)
  const picture = useMemo(
    () => ({
      ...{ values: result.image, shape: result.crop.shape, low, high },
      marks: { shape: result.grid, codes: makeMask(kind, result.satt, result.grid, masks).codes },
    }),
    [kind, result, masks, low, high],
  )
  const { name, from } = MASK_NAMES[kind]
  return (
    <ToggleButton
      className="crop-choice"
      aria-label={`${name} mask`}
      isSelected={kind === chosen}
      onChange={() => show(kind)}
    >
      <CropCanvas picture={picture} plane={plane} index={index} label={`${name} mask, ${plane}`}>
        {name} <span className="secondary">{from}</span>
      </CropCanvas>
    </ToggleButton>
  )
}
