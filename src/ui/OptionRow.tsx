// A choice between a few things that are all seen at once.
import { Radio, RadioGroup } from 'react-aria-components'

interface Option<Id> {
  readonly id: Id
  readonly name: string
  /** What is read out, where the name alone says too little. */
  readonly label?: string
  readonly isDisabled?: boolean
}

interface OptionRowProps<Id extends string | number> {
  /** What is chosen here, read out before the options. */
  readonly name: string
  readonly value: Id
  readonly options: readonly Option<Id>[]
  readonly isDisabled?: boolean
  /** True breaks a long row into several lines. */
  readonly isWrapping?: boolean
  readonly className?: string
  readonly set: (id: Id) => void
}

export function OptionRow<Id extends string | number>(props: OptionRowProps<Id>) {
  const { name, value, options, isDisabled, isWrapping, className, set } = props
  const choose = (key: string) => {
    const chosen = options.find(({ id }) => String(id) === key)
    if (chosen) set(chosen.id)
  }
  return (
    <RadioGroup
      className={['segmented', isWrapping && 'wrapping', className].filter(Boolean).join(' ')}
      aria-label={name}
      orientation="horizontal"
      value={String(value)}
      isDisabled={isDisabled}
      onChange={choose}
    >
      {options.map(option => (
        <Radio
          key={option.id}
          value={String(option.id)}
          aria-label={option.label}
          isDisabled={option.isDisabled}
        >
          {option.name}
        </Radio>
      ))}
    </RadioGroup>
  )
}
