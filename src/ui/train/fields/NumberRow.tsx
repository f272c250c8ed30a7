// A number with its name, its unit and its limits, one line of a form.
import { Group, Input, Label, NumberField } from 'react-aria-components'

interface NumberRowProps {
  readonly name: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly step?: number
  readonly unit?: string
  /** Digits after the point; whole numbers without. */
  readonly digits?: number
  readonly isDisabled?: boolean
  readonly set: (value: number) => void
}

export function NumberRow(props: NumberRowProps) {
  const { name, value, low, high, step = 1, unit, digits = 0, isDisabled, set } = props
  return (
    <NumberField
      className="form-row"
      value={value}
      minValue={low}
      maxValue={high}
      step={step}
      isDisabled={isDisabled}
      formatOptions={{ useGrouping: false, maximumFractionDigits: digits }}
      onChange={next => {
        if (Number.isFinite(next)) set(next)
      }}
    >
      <Label>{name}</Label>
      <Group className="typed-number">
        <Input />
        <span>{unit}</span>
      </Group>
    </NumberField>
  )
}
