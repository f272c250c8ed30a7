// What the student makes of the region behind the chosen mask: original, masked input, prediction and difference, the same
// slice in the viewer's window.
import { useEffect, useMemo } from 'react'
import { Button } from 'react-aria-components'
import { openLabNetwork } from '../../state/labSlice.ts'
import type { HeldReconstruction } from '../../worker/heldArrays.ts'
import { Failed } from '../Failed.tsx'
import { Progress } from '../Progress.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { CropCanvas } from './CropCanvas.tsx'
import { MASK_NAMES } from './maskNames.ts'
import { PlaneChoice } from './PlaneChoice.tsx'
import { reconstructionPictures } from './reconstructionPictures.ts'
import { SeedStepper } from './SeedStepper.tsx'
import { useHeld } from './useHeld.ts'
import { useAttention, useCropIndex, useCropWindow } from './useLab.ts'

/** Sliders come to rest before the network is asked again. */
const REST_MS = 300

export function ReconstructionSection() {
  const network = useWorkbench(openLabNetwork)
  const state = useWorkbench(state => state.reconstruction)
  const reconstruct = useWorkbench(state => state.reconstruct)
  const cancel = useWorkbench(state => state.cancelReconstruction)
  const attention = useAttention()
  const held = useHeld()
  useFollowMask()
  if (!network || !attention) return <p className="secondary">Compute the attention first.</p>
  if (!network.canReconstruct)
    return (
      <p className="secondary">
        This network has no reconstruction head: it was trained to classify, and its head for voxels is gone.
        Open a pretraining checkpoint that was published as a model (section Model) to see one at work.
      </p>
    )
  const result = held.reconstruction()
  return (
    <>
      {state.kind === 'running' && (
        <div className="lab-running">
          <Progress {...state.progress} />
          <Button className="button small" onPress={cancel}>
            Cancel
          </Button>
        </div>
      )}
      {state.kind === 'failed' && <Failed failure={state.failure} />}
      {(state.kind === 'none' || state.kind === 'failed') && (
        <Button className="button" onPress={() => void reconstruct()}>
          Reconstruct behind the mask
        </Button>
      )}
      {result && <Pictures result={result} />}
    </>
  )
}

/** After the first reconstruction the next ones follow the mask, also where another attention (of teacher or student, clean or noisy) made it another. */
function useFollowMask(): void {
  const masks = useWorkbench(state => state.masks)
  const kind = useWorkbench(state => state.maskKind)
  const reconstruct = useWorkbench(state => state.reconstruct)
  const attention = useWorkbench(state => (state.attention.kind === 'done' ? state.attention.serial : 0))
  const held = useHeld()
  useEffect(() => {
    const last = held.reconstruction()
    const satt = held.attention()?.satt
    if (!last || attention === 0) return
    const isOfOther = last.satt !== satt && (kind === 'attention' || kind === 'low-attention')
    if (last.masks === masks && last.maskKind === kind && !isOfOther) return
    const timer = setTimeout(() => void reconstruct(), REST_MS)
    return () => clearTimeout(timer)
  }, [held, masks, kind, attention, reconstruct])
}

function Pictures({ result }: { result: HeldReconstruction }) {
  const network = useWorkbench(openLabNetwork)
  const plane = useWorkbench(state => state.labPlane)
  const masks = useWorkbench(state => state.masks)
  const stepSeed = useWorkbench(state => state.changeMasks)
  const attention = useAttention()
  const index = useCropIndex(result.crop)
  const { low, high } = useCropWindow()
  const pictures = useMemo(
    () => reconstructionPictures(result, attention?.grid ?? [1, 1, 1], low, high),
    [result, attention, low, high],
  )
  const [from, to] = network?.outputRange ?? [0, 1]
  const [lowHu, highHu] = network?.huWindow ?? [0, 1]
  const hu = (value: number) => `${Math.round((value * (highHu - lowHu)) / (to - from))} HU`
  return (
    <>
      <p className="figures" data-testid="masked-l1">
        Masked L1 {result.maskedL1.toFixed(4)} ({hu(result.maskedL1)}), visible {result.visibleL1.toFixed(4)}{' '}
        ({hu(result.visibleL1)})
      </p>
      <p className="secondary">
        {MASK_NAMES[result.maskKind].name} mask, {result.masked} tokens hidden.
      </p>
      <SeedStepper name="Seed" seed={masks.seed} set={seed => stepSeed({ seed })} />
      <div className="crop-grid">
        {pictures.map(({ name, picture }) => (
          <CropCanvas key={name} picture={picture} plane={plane} index={index} label={`${name}, ${plane}`}>
            {name}
          </CropCanvas>
        ))}
      </div>
      <p className="secondary">
        Difference: orange is brighter than the scan, blue darker; full colour at {hu((high - low) / 2)}.
      </p>
      <PlaneChoice />
    </>
  )
}
