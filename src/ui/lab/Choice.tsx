// A choice out of a list that is too long for a row of buttons.
import { ChevronDown } from 'lucide-react'
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from 'react-aria-components'

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly options: readonly { readonly id: string; readonly name: string }[]
  readonly onChange: (id: string) => void
  readonly isDisabled?: boolean
}

export function Choice({ label, value, options, onChange, isDisabled }: ChoiceProps) {
  return (
    <Select
      className="lab-choice"
      selectedKey={value}
      isDisabled={isDisabled}
      onSelectionChange={key => onChange(String(key))}
    >
      <Label className="secondary">{label}</Label>
      <Button className="button small choice-button">
        <SelectValue />
        <ChevronDown size={13} aria-hidden />
      </Button>
      <Popover className="popover">
        <ListBox className="choice-list" items={options}>
          {({ id, name }) => <ListBoxItem id={id}>{name}</ListBoxItem>}
        </ListBox>
      </Popover>
    </Select>
  )
}
