// What the model says of a few held-out cases after each epoch: learning is seen, not only read off a curve.
import { useMemo } from 'react'
import { examplesOf, isExamples, type RunExample } from '../../../state/finetuneExamples.ts'
import type { ExamplesMessage } from '../../../worker/finetuneProtocol.ts'
import { formatPercent } from '../../format.ts'
import { useHeld } from '../../lab/useHeld.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { boxSlice } from '../pictures/boxSlice.ts'
import { SlicePicture } from '../pictures/SlicePicture.tsx'

export function Examples() {
  const message = useWorkbench(state => state.runMessage)
  useWorkbench(state => state.cropsSerial)
  const { crops } = useHeld().training
  if (!isExamples(message) || !crops || message.examples.length === 0) return null
  return <ExampleStrip message={message} />
}

function ExampleStrip({ message }: { message: ExamplesMessage }) {
  const { crops } = useHeld().training
  const examples = useMemo(() => (crops ? examplesOf(message, crops) : []), [message, crops])
  return (
    <section className="train-examples" aria-label="Examples">
      <h3>
        Cases it does not learn from <span className="secondary">{describe(message)}</span>
      </h3>
      <ul className="case-grid wide">
        {examples.map(example => (
          <li key={example.at}>
            <ExamplePicture example={example} classes={crops?.crops.classes ?? []} />
          </li>
        ))}
      </ul>
      {examples.some(({ mask }) => mask) && (
        <p className="secondary">Solid: the truth. Dashed: what the model outlines.</p>
      )}
    </section>
  )
}

function describe({ stage, fold, folds, epoch }: ExamplesMessage): string {
  const part = stage === 'final' ? ', the kept model' : folds > 1 ? ` of fold ${fold + 1}` : ''
  return `after epoch ${epoch + 1}${part}`
}

interface ExamplePictureProps {
  readonly example: RunExample
  readonly classes: readonly string[]
}

function ExamplePicture({ example, classes }: ExamplePictureProps) {
  const { hu, shape, truth, mask, at, probabilities, label, dice } = example
  const slice = useMemo(
    () => boxSlice(hu, shape, { truth: truth ?? undefined, predicted: mask ?? undefined }),
    [hu, shape, truth, mask],
  )
  const said = probabilities?.map((p, i) => `${classes[i]} ${formatPercent(p)}`).join(', ')
  return (
    <figure className="crop-figure">
      <SlicePicture slice={slice} label={`Case ${at + 1}${said ? `: ${said}` : ''}`} />
      <figcaption className="figures">
        {said ?? (dice === null ? '' : `Dice ${dice.toFixed(2)}`)}
        {probabilities && label !== null && <span className="secondary">truth: {label}</span>}
      </figcaption>
    </figure>
  )
}
