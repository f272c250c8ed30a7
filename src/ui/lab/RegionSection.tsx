// Where the network looks: a box of its own voxels that is put where the crosshair is.
import { Crosshair } from 'lucide-react'
import { Button, Switch } from 'react-aria-components'
import { describeOutside } from '../../insight/labCrop.ts'
import { openLabNetwork } from '../../state/labSlice.ts'
import { formatRas } from '../format.ts'
import { OptionRow } from '../OptionRow.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { useScanGrid } from './useLab.ts'

const SCALES = [1, 2, 3] as const

export function RegionSection() {
  const network = useWorkbench(openLabNetwork)
  const crop = useWorkbench(state => state.labCrop)
  const scale = useWorkbench(state => state.labScale)
  const setScale = useWorkbench(state => state.setLabScale)
  const place = useWorkbench(state => state.placeLabCrop)
  const follows = useWorkbench(state => state.labFollows)
  const setFollows = useWorkbench(state => state.setLabFollows)
  const volume = useScanGrid()
  if (!network) return <p className="secondary">The region follows from the model.</p>
  const sizeMm = (factor: number) =>
    network.shape.map((side, axis) => side * network.spacingMm[axis] * factor)
  const outside = crop && volume && describeOutside(volume, crop)
  return (
    <>
      <Button className="button" onPress={() => place()}>
        <Crosshair size={14} aria-hidden /> Use the crosshair here
      </Button>
      <Switch className="switch" isSelected={follows} onChange={setFollows}>
        <span className="switch-track" />
        Follow the crosshair
      </Switch>
      <OptionRow
        name="Size of the region"
        value={scale}
        options={SCALES.map(id => ({ id, name: `${Math.round(sizeMm(id)[2])} mm` }))}
        set={setScale}
      />
      {crop ? (
        <p className="secondary figures">
          {crop.shape.join(' × ')} voxels at {formatRas(crop.centreRasMm)}
        </p>
      ) : (
        <p className="secondary">Put the crosshair on what interests you, then place the region there.</p>
      )}
      {scale > 1 && (
        <p className="secondary">
          The network was trained on {Math.round(sizeMm(1)[2])} mm; larger is new to it.
        </p>
      )}
      {outside && <p className="warning">{outside}</p>}
    </>
  )
}
