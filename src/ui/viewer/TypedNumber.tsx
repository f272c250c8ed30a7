// A number that is typed: it takes effect on Enter or on leaving the field, and Escape takes it back.
import { Group, Input, Label, NumberField } from 'react-aria-components'

interface TypedNumberProps {
  readonly label: string
  readonly name: string
  readonly value: number
  readonly set: (value: number) => void
}

export function TypedNumber({ label, name, value, set }: TypedNumberProps) {
  return (
    <NumberField
      className="typed-number"
      aria-label={name}
      value={value}
      formatOptions={{ useGrouping: false, maximumFractionDigits: 0 }}
      onChange={next => {
        if (Number.isFinite(next)) set(next)
      }}
    >
      <Label aria-hidden>{label}</Label>
      <Group>
        <Input
          onKeyDown={event => {
            if (event.key === 'Enter') event.currentTarget.blur()
          }}
        />
      </Group>
    </NumberField>
  )
}
