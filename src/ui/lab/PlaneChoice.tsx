// Which plane of the region the panel's pictures show; the slice follows the crosshair.
import { Radio, RadioGroup } from 'react-aria-components'
import type { Plane } from '../../state/viewSlice.ts'
import { capitalise } from '../format.ts'
import { useWorkbench } from '../useWorkbench.ts'

const PLANES: readonly Plane[] = ['axial', 'coronal', 'sagittal']

export function PlaneChoice() {
  const plane = useWorkbench(state => state.labPlane)
  const setPlane = useWorkbench(state => state.setLabPlane)
  return (
    <RadioGroup
      className="segmented"
      aria-label="Plane of the pictures"
      orientation="horizontal"
      value={plane}
      onChange={value => setPlane(value as Plane)}
    >
      {PLANES.map(name => (
        <Radio key={name} value={name}>
          {capitalise(name)}
        </Radio>
      ))}
    </RadioGroup>
  )
}
