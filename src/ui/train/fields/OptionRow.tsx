// A choice between a few things that are all seen at once.
import { Radio, RadioGroup } from 'react-aria-components'

interface OptionRowProps<Id extends string> {
  readonly name: string
  readonly value: Id
  readonly options: readonly { readonly id: Id; readonly name: string; readonly isDisabled?: boolean }[]
  readonly isDisabled?: boolean
  readonly set: (id: Id) => void
}

export function OptionRow<Id extends string>({ name, value, options, isDisabled, set }: OptionRowProps<Id>) {
  return (
    <RadioGroup
      className="segmented wrapping"
      aria-label={name}
      orientation="horizontal"
      value={value}
      isDisabled={isDisabled}
      onChange={id => set(id as Id)}
    >
      {options.map(option => (
        <Radio key={option.id} value={option.id} isDisabled={option.isDisabled}>
          {option.name}
        </Radio>
      ))}
    </RadioGroup>
  )
}
