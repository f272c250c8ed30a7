// Which plane of the region the panel's pictures show; the slice follows the crosshair.
import type { Plane } from '../../state/viewSlice.ts'
import { capitalise } from '../format.ts'
import { OptionRow } from '../OptionRow.tsx'
import { useWorkbench } from '../useWorkbench.ts'

const PLANES = (['axial', 'coronal', 'sagittal'] satisfies Plane[]).map(id => ({ id, name: capitalise(id) }))

export function PlaneChoice() {
  const plane = useWorkbench(state => state.labPlane)
  const setPlane = useWorkbench(state => state.setLabPlane)
  return <OptionRow name="Plane of the pictures" value={plane} options={PLANES} set={setPlane} />
}
