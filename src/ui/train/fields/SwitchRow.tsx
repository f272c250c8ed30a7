// A switch with its name, one line of a form.
import { Switch } from 'react-aria-components'

interface SwitchRowProps {
  readonly name: string
  readonly isSelected: boolean
  readonly isDisabled?: boolean
  readonly set: (isSelected: boolean) => void
}

export function SwitchRow({ name, isSelected, isDisabled, set }: SwitchRowProps) {
  return (
    <Switch className="switch form-switch" isSelected={isSelected} isDisabled={isDisabled} onChange={set}>
      <span>{name}</span>
      <span className="switch-track" />
    </Switch>
  )
}
