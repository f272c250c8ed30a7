// A whole number that is typed.
import { Group, Input, Label, NumberField } from 'react-aria-components'

interface WholeNumberProps {
  readonly label: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly isDisabled?: boolean
  readonly set: (value: number) => void
}

export function WholeNumber({ label, value, low, high, isDisabled, set }: WholeNumberProps) {
  return (
    <NumberField
      className="typed-number"
      value={value}
      minValue={low}
      maxValue={high}
      step={1}
      isDisabled={isDisabled}
      formatOptions={{ useGrouping: false, maximumFractionDigits: 0 }}
      onChange={next => {
        if (Number.isFinite(next)) set(next)
      }}
    >
      <Label>{label}</Label>
      <Group>
        <Input />
      </Group>
    </NumberField>
  )
}
