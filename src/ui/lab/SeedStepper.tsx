// Steps through seeds: the number is part of what a view is restored from.
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { Button, Group } from 'react-aria-components'

interface SeedStepperProps {
  readonly name: string
  readonly seed: number
  readonly set: (seed: number) => void
}

export function SeedStepper({ name, seed, set }: SeedStepperProps) {
  return (
    <Group className="seed-stepper" aria-label={name}>
      <span>{name}</span>
      <Button
        className="icon-button"
        aria-label={`${name}: previous`}
        isDisabled={seed <= 0}
        onPress={() => set(seed - 1)}
      >
        <ChevronLeft size={15} />
      </Button>
      <span className="figures" role="status">
        {seed}
      </span>
      <Button className="icon-button" aria-label={`${name}: next`} onPress={() => set(seed + 1)}>
        <ChevronRight size={15} />
      </Button>
    </Group>
  )
}
