// Which section paints over the scan, and how strongly.
import { Switch } from 'react-aria-components'
import type { Painter } from '../../state/labSlice.ts'
import { formatPercent } from '../format.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { LabSlider } from './LabSlider.tsx'

export function PaintSwitch({ painter, hasOpacity = true }: { painter: Painter; hasOpacity?: boolean }) {
  const isVisible = useWorkbench(state => state.overlay.visible)
  const current = useWorkbench(state => state.painter)
  const opacity = useWorkbench(state => state.paintOpacity)
  const setOpacity = useWorkbench(state => state.setPaintOpacity)
  const setPainter = useWorkbench(state => state.setPainter)
  const changeOverlay = useWorkbench(state => state.changeOverlay)
  const isShown = current === painter && isVisible
  return (
    <>
      <Switch
        className="switch"
        isSelected={isShown}
        onChange={visible => {
          changeOverlay({ visible })
          if (visible) setPainter(painter)
        }}
      >
        <span className="switch-track" />
        Painted on the scan
      </Switch>
      {isShown && hasOpacity && (
        <LabSlider name="Opacity" value={opacity} set={setOpacity} step={0.05} format={formatPercent} />
      )}
    </>
  )
}
