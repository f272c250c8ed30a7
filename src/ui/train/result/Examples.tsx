// What the model says of a few held-out cases and of the open scan after each epoch: learning is seen, not only read off a curve.
import { useMemo } from 'react'
import { examplesOf, followedOf, isExamples, type RunExample } from '../../../state/finetuneExamples.ts'
import type { ExamplesMessage } from '../../../worker/finetuneProtocol.ts'
import type { HeldCrops } from '../../../worker/heldTraining.ts'
import { formatPercent } from '../../format.ts'
import { useHeld } from '../../lab/useHeld.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { boxSlice } from '../pictures/boxSlice.ts'
import { SlicePicture } from '../pictures/SlicePicture.tsx'

export function Examples() {
  const message = useWorkbench(state => state.runMessage)
  useWorkbench(state => state.cropsSerial)
  const { crops } = useHeld().training
  if (!isExamples(message) || !crops) return null
  const hasOutlines = [message.followed, ...message.examples].some(one => one?.mask)
  return (
    <>
      <OpenScan message={message} held={crops} />
      <ExampleStrip message={message} held={crops} />
      {hasOutlines && <p className="secondary">Solid: the truth. Dashed: what the model outlines.</p>}
    </>
  )
}

interface StripProps {
  readonly message: ExamplesMessage
  readonly held: HeldCrops
}

function ExampleStrip({ message, held }: StripProps) {
  const examples = useMemo(() => examplesOf(message, held), [message, held])
  if (examples.length === 0) return null
  return (
    <section className="train-examples" aria-label="Examples">
      <h3>
        Cases it does not learn from <span className="secondary">{describe(message)}</span>
      </h3>
      <ul className="case-grid wide">
        {examples.map(example => (
          <li key={example.at}>
            <CropPicture crop={example} name={`Case ${example.at + 1}`} classes={held.crops.classes} />
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Whether the model has learnt from what it is shown on is said at the picture. */
const USES = {
  learnt: 'The model learns from this scan: what it says here is no measure of it.',
  held: 'One of the cases; this model does not learn from it.',
  foreign: 'Not one of the cases.',
} as const

function OpenScan({ message, held }: StripProps) {
  const followed = useMemo(() => followedOf(message, held), [message, held])
  if (!followed) return null
  const name = followed.at === null ? 'The open scan' : `The open scan, case ${followed.at + 1}`
  return (
    <section className="train-examples" aria-label="The open scan">
      <h3>
        The scan that was open at the start <span className="secondary">{describe(message)}</span>
      </h3>
      <div className="followed-scan">
        <CropPicture crop={followed} name={name} classes={held.crops.classes} />
        <p className={followed.use === 'learnt' ? 'warning' : 'secondary'}>{USES[followed.use]}</p>
      </div>
    </section>
  )
}

function describe({ stage, fold, folds, epoch }: ExamplesMessage): string {
  const part = stage === 'final' ? ', the kept model' : folds > 1 ? ` of fold ${fold + 1}` : ''
  return `after epoch ${epoch + 1}${part}`
}

interface CropPictureProps {
  readonly crop: Omit<RunExample, 'at'>
  readonly name: string
  readonly classes: readonly string[]
}

function CropPicture({ crop, name, classes }: CropPictureProps) {
  const { hu, shape, truth, mask, probabilities, label, dice } = crop
  const slice = useMemo(
    () => boxSlice(hu, shape, { truth: truth ?? undefined, predicted: mask ?? undefined }),
    [hu, shape, truth, mask],
  )
  const said = probabilities?.map((p, i) => `${classes[i]} ${formatPercent(p)}`).join(', ')
  const outlined = mask && !mask.includes(1) ? 'Nothing outlined' : ''
  return (
    <figure className="crop-figure">
      <SlicePicture slice={slice} label={`${name}${said ? `: ${said}` : ''}`} />
      <figcaption className="figures">
        {said ?? (dice === null ? outlined : `Dice ${dice.toFixed(2)}`)}
        {probabilities && label !== null && <span className="secondary">truth: {label}</span>}
      </figcaption>
    </figure>
  )
}
