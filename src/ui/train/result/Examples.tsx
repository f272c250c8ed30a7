// What the model says of a few held-out cases after each epoch: learning is seen, not only read off a curve.
import { useMemo } from 'react'
import type { EpochExample } from '../../../state/finetuneRunSlice.ts'
import { formatPercent } from '../../format.ts'
import { useHeld } from '../../lab/useHeld.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { boxOf, boxSlice } from '../pictures/boxSlice.ts'
import { SlicePicture } from '../pictures/SlicePicture.tsx'

export function Examples() {
  const examples = useWorkbench(state => state.epochExamples)
  if (!examples) return null
  return (
    <section className="train-examples" aria-label="Examples">
      <h3>
        Held-out cases after epoch {examples.epoch}
        {examples.fold !== null && <span className="secondary"> of fold {examples.fold + 1}</span>}
      </h3>
      <ul className="case-grid wide">
        {examples.cases.map(example => (
          <li key={example.at}>
            <ExamplePicture example={example} classes={examples.classes} />
          </li>
        ))}
      </ul>
    </section>
  )
}

interface ExamplePictureProps {
  readonly example: EpochExample
  readonly classes: readonly string[]
}

function ExamplePicture({ example, classes }: ExamplePictureProps) {
  const held = useHeld().training.crops
  const slice = useMemo(() => {
    if (!held) return undefined
    const { crops } = held
    const truth = crops.masks ? boxOf(crops.masks, example.at, crops.shape) : undefined
    const predicted = example.mask ?? undefined
    return boxSlice(boxOf(crops.hu, example.at, crops.shape), crops.shape, { truth, predicted })
  }, [held, example])
  const { label, probabilities } = example
  const said = probabilities && probabilities.map((p, i) => `${classes[i]} ${formatPercent(p)}`).join(', ')
  return (
    <figure className="crop-figure">
      {slice ? (
        <SlicePicture slice={slice} label={`Case ${example.at + 1}${said ? `: ${said}` : ''}`} />
      ) : (
        <span className="picture-waiting" />
      )}
      <figcaption className="figures">
        {said ?? (example.dice === null ? '' : `Dice ${example.dice.toFixed(2)}`)}
        {label !== null && <span className="secondary">truth: {classes[label]}</span>}
      </figcaption>
    </figure>
  )
}
