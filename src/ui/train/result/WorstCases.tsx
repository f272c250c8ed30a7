// The cases that the trained model got most wrong, each a click away from its scan; one of them large, slice by slice.
import { Files, FolderOpen } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Button, FileTrigger } from 'react-aria-components'
import { caseNameOf } from '../../../state/worstCaseSlice.ts'
import { outlinesOf, worstCasesOf, type WorstCase } from '../../../state/worstCases.ts'
import type { ValidationReport } from '../../../worker/finetuneProtocol.ts'
import { Failed } from '../../Failed.tsx'
import { useHeld } from '../../lab/useHeld.ts'
import { LabSlider } from '../../lab/LabSlider.tsx'
import { fromFileList } from '../../pickFiles.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { useStaggered } from '../Staggered.tsx'
import { boxOf, boxSlice } from '../pictures/boxSlice.ts'
import { SlicePicture } from '../pictures/SlicePicture.tsx'
import { OutlineLegend } from './OutlineLegend.tsx'

export function WorstCases({ report }: { report: ValidationReport }) {
  const worst = useMemo(() => worstCasesOf(report), [report])
  const chosen = useWorkbench(state => state.lookedAtCrop)
  const look = useWorkbench(state => state.lookAtCase)
  const made = useStaggered(worst.length)
  if (worst.length === 0) return null
  return (
    <section className="train-worst">
      <h3>
        Where it is most wrong <span className="secondary">choose a case to see it in its scan</span>
      </h3>
      <ul className="case-grid wide" aria-label="Worst cases">
        {worst.slice(0, made).map(({ at, said }) => (
          <li key={at}>
            <Button className="picture-button" aria-pressed={at === chosen} onPress={() => void look(at)}>
              <BoxPicture at={at} said={said} />
            </Button>
          </li>
        ))}
      </ul>
      {chosen !== null && <ChooseAgain at={chosen} isSynthetic={report.compared.synthetic} />}
      {chosen !== null && <LargeCrop key={chosen} at={chosen} />}
    </section>
  )
}

/** A slice of a case's box with its true outline and what the model outlined, as far as they are known. */
function useBox(at: number, slice?: number) {
  const held = useHeld().training
  const serial = useWorkbench(state => state.cropsSerial)
  const { crops } = held
  return useMemo(() => {
    // Boxes come while the picture is there.
    void serial
    if (!crops || at >= crops.crops.cases.length) return undefined
    const { hu, shape } = crops.crops
    const { codes, hasTruth, hasOutline } = outlinesOf(crops, at, held.outline(at))
    const masks = {
      ...(hasTruth && { truth: codes.map(code => code & 1) }),
      ...(hasOutline && { predicted: codes.map(code => code >> 1) }),
    }
    return { slice: boxSlice(boxOf(hu, at, shape), shape, masks, slice), hasTruth, hasOutline }
  }, [held, crops, serial, at, slice])
}

/** What the data calls a case, or its number where the data is not open. */
export function useCaseName(at: number): string {
  return useWorkbench(state => caseNameOf(state, at)) ?? `Case ${at + 1}`
}

function BoxPicture({ at, said }: WorstCase) {
  const box = useBox(at)
  const name = useCaseName(at)
  return (
    <span className="crop-figure">
      {box ? <SlicePicture slice={box.slice} label={name} /> : <span className="picture-waiting" />}
      <span className="case-id">{name}</span>
      <span className="secondary said">{said}</span>
    </span>
  )
}

/** Why the scan of a case is not there, and the way to have it again. */
function ChooseAgain({ at, isSynthetic }: { at: number; isSynthetic: boolean }) {
  const state = useWorkbench(one => one.worstCase)
  const choose = useWorkbench(one => one.chooseDataForCase)
  if (state.kind !== 'closed' || state.at !== at) return null
  const take = (list: FileList | null) => {
    if (list) void choose(at, fromFileList(list).files)
  }
  return (
    <div className="choose-again" data-testid="choose-again">
      <Failed failure={state.failure} />
      <div className="export-row">
        <FileTrigger acceptDirectory onSelect={take}>
          <Button className="button small">
            <FolderOpen size={13} aria-hidden /> Choose its folder
          </Button>
        </FileTrigger>
        <FileTrigger allowsMultiple onSelect={take}>
          <Button className="button small">
            <Files size={13} aria-hidden /> Its files or zip
          </Button>
        </FileTrigger>
        {isSynthetic && (
          <Button className="button small" onPress={() => void choose(at, 'synthetic')}>
            Synthetic nodules
          </Button>
        )}
      </div>
    </div>
  )
}

function LargeCrop({ at }: { at: number }) {
  const depth = useHeld().training.crops?.crops.shape[0] ?? 1
  const name = useCaseName(at)
  const [slice, setSlice] = useState(Math.floor(depth / 2))
  const box = useBox(at, slice)
  if (!box) return null
  return (
    <div className="large-crop">
      <SlicePicture slice={box.slice} label={`${name}, slice ${slice + 1} of ${depth}`} sidePx={512} />
      <LabSlider
        name="Slice"
        value={slice}
        set={setSlice}
        max={depth - 1}
        step={1}
        format={value => `${value + 1}/${depth}`}
      />
      <p className="secondary">{name}: the whole box around the lesion</p>
      <OutlineLegend hasTruth={box.hasTruth} hasOutline={box.hasOutline} />
    </div>
  )
}
