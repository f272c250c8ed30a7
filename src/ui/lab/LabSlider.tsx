// A slider with its name and its value, as all of the lab's are.
import { Label, Slider, SliderThumb, SliderTrack } from 'react-aria-components'

interface LabSliderProps {
  readonly name: string
  readonly value: number
  readonly set: (value: number) => void
  readonly min?: number
  readonly max?: number
  readonly step?: number
  readonly format?: (value: number) => string
}

export function LabSlider({ name, value, set, min = 0, max = 1, step = 0.01, format }: LabSliderProps) {
  return (
    <Slider
      className="slider"
      value={value}
      minValue={min}
      maxValue={max}
      step={step}
      onChange={next => set(next as number)}
    >
      <Label>{name}</Label>
      <SliderTrack className="slider-track">
        <SliderThumb className="slider-thumb" />
      </SliderTrack>
      <span className="figures slider-value">{format ? format(value) : value.toFixed(2)}</span>
    </Slider>
  )
}
