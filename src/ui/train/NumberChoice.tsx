// A number that is typed, with its name on the left, as all settings of a run are.
import { Group, Input, Label, NumberField } from 'react-aria-components'

interface NumberChoiceProps {
  readonly label: string
  readonly value: number
  readonly onChange: (value: number) => void
  readonly low?: number
  readonly high?: number
  /** Largest number of digits after the point; 0 for whole numbers. */
  readonly digits?: number
  readonly unit?: string
}

export function NumberChoice({ label, value, onChange, low = 0, high, digits = 0, unit }: NumberChoiceProps) {
  return (
    <NumberField
      className="number-choice"
      value={value}
      minValue={low}
      maxValue={high}
      formatOptions={{ useGrouping: false, maximumFractionDigits: digits }}
      onChange={next => {
        if (Number.isFinite(next)) onChange(next)
      }}
    >
      <Label className="secondary">{label}</Label>
      <Group>
        <Input />
      </Group>
      {unit && <span className="secondary">{unit}</span>}
    </NumberField>
  )
}
