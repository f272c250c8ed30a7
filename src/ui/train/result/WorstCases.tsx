// The cases that the trained model got most wrong, and one of them large, slice by slice.
import { useMemo, useState } from 'react'
import { Button } from 'react-aria-components'
import type { ValidationReport } from '../../../worker/finetuneProtocol.ts'
import { formatPercent } from '../../format.ts'
import { useHeld } from '../../lab/useHeld.ts'
import { LabSlider } from '../../lab/LabSlider.tsx'
import { useWorkbench } from '../../useWorkbench.ts'
import { boxOf, boxSlice } from '../pictures/boxSlice.ts'
import { SlicePicture } from '../pictures/SlicePicture.tsx'

interface WorstCase {
  /** Index into the crop set. */
  readonly at: number
  /** What was said of it and what it is. */
  readonly said: string
}

/** As many as are looked at. */
const MOST = 12

function worstOf(report: ValidationReport): WorstCase[] {
  if (report.kind === 'masks')
    return report.worst.slice(0, MOST).map(({ at, dice, before }) => ({
      at,
      said: `Dice ${dice.toFixed(2)}${before === null ? '' : `, before ${before.toFixed(2)}`}`,
    }))
  return report.worst.slice(0, MOST).map(({ at, label, called, probability, isIndeterminate }) => ({
    at,
    said: `called ${report.classes[called]}, is ${report.classes[label]}${isIndeterminate ? '?' : ''} (${formatPercent(probability)})`,
  }))
}

export function WorstCases({ report }: { report: ValidationReport }) {
  const worst = worstOf(report)
  const chosen = useWorkbench(state => state.lookedAtCrop)
  const look = useWorkbench(state => state.lookAtCrop)
  if (worst.length === 0) return null
  return (
    <section className="train-worst">
      <h3>Where it is most wrong</h3>
      <ul className="case-grid wide" aria-label="Worst cases">
        {worst.map(({ at, said }) => (
          <li key={at}>
            <Button className="picture-button" aria-pressed={at === chosen} onPress={() => look(at)}>
              <BoxPicture at={at} said={said} />
            </Button>
          </li>
        ))}
      </ul>
      {chosen !== null && <LargeCrop key={chosen} at={chosen} />}
    </section>
  )
}

/** A slice of a case's box with its true outline, and the predicted one where the model's was shown last. */
function useBox(at: number, slice?: number) {
  const held = useHeld().training.crops
  return useMemo(() => {
    if (!held || at >= held.crops.cases.length) return undefined
    const { hu, masks, shape } = held.crops
    const truth = masks ? boxOf(masks, at, shape) : undefined
    return boxSlice(boxOf(hu, at, shape), shape, { truth }, slice)
  }, [held, at, slice])
}

/** What the data calls a case, or its number where the data is not open. */
function useCaseName(at: number): string {
  return useWorkbench(state => state.cropNames?.[at]) ?? `Case ${at + 1}`
}

function BoxPicture({ at, said }: WorstCase) {
  const slice = useBox(at)
  const name = useCaseName(at)
  return (
    <span className="crop-figure">
      {slice ? <SlicePicture slice={slice} label={name} /> : <span className="picture-waiting" />}
      <span className="case-id">{name}</span>
      <span>
        <span className="secondary">{said}</span>
      </span>
    </span>
  )
}

function LargeCrop({ at }: { at: number }) {
  const depth = useHeld().training.crops?.crops.shape[0] ?? 1
  const name = useCaseName(at)
  const [slice, setSlice] = useState(Math.floor(depth / 2))
  const picture = useBox(at, slice)
  if (!picture) return null
  return (
    <div className="large-crop">
      <SlicePicture slice={picture} label={`${name}, slice ${slice + 1} of ${depth}`} sidePx={512} />
      <LabSlider
        name="Slice"
        value={slice}
        set={setSlice}
        max={depth - 1}
        step={1}
        format={value => `${value + 1}/${depth}`}
      />
      <p className="secondary">{name}: the whole box around the lesion, with its true outline.</p>
    </div>
  )
}
