// Whether this browser may keep what a run learns from: asked before the run begins.
import { Label, Radio, RadioGroup } from 'react-aria-components'

interface KeepChoiceProps {
  /** Null until it is answered. */
  readonly keeps: boolean | null
  readonly onChange: (keeps: boolean) => void
  readonly question: string
  readonly keep: string
  readonly ask: string
}

export function KeepChoice({ keeps, onChange, question, keep, ask }: KeepChoiceProps) {
  return (
    <RadioGroup
      className="radio-list"
      value={keeps === null ? '' : keeps ? 'keep' : 'ask'}
      onChange={value => onChange(value === 'keep')}
    >
      <Label>{question}</Label>
      <Radio value="keep">
        <span className="radio-mark" aria-hidden />
        <span>{keep}</span>
      </Radio>
      <Radio value="ask">
        <span className="radio-mark" aria-hidden />
        <span>{ask}</span>
      </Radio>
    </RadioGroup>
  )
}
