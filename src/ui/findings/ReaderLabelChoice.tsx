// What an accepted finding is, said by the reader: Train mode can learn from it.
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components'
import type { ReaderLabel } from '../../state/reviewSlice.ts'
import { useWorkbench } from '../useWorkbench.ts'

const READER_LABELS: readonly { readonly id: ReaderLabel; readonly name: string }[] = [
  { id: 'benign', name: 'Benign' },
  { id: 'indeterminate', name: 'Unsure' },
  { id: 'malignant', name: 'Malignant' },
]

export function ReaderLabelChoice({ id, number }: { id: string; number: number }) {
  const label = useWorkbench(state => state.readerLabels[id])
  const say = useWorkbench(state => state.labelFinding)
  return (
    <ToggleButtonGroup
      className="segmented reader-label"
      aria-label={`Your label of finding ${number}, for training`}
      selectionMode="single"
      selectedKeys={label ? [label] : []}
      onSelectionChange={keys => {
        const [chosen] = keys
        say(id, (chosen ?? label) as ReaderLabel)
      }}
    >
      {READER_LABELS.map(({ id: key, name }) => (
        <ToggleButton key={key} id={key}>
          {name}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}
