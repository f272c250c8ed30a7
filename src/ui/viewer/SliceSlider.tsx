// The slice as a slider: the canvas's own control for keyboards and for assistive technology.
import { useWorkbench } from '../useWorkbench.ts'
import { keyPlane } from '../useKeyboard.ts'
import type { CtViewer } from './ctViewer.ts'
import { NORMAL } from './frame.ts'
import type { Frame } from './frame.ts'

/** Takes its place before the first frame: the canvas must not change its size when it comes. */
export function SliceSlider({ frame, viewer }: { frame: Frame | null; viewer: CtViewer | null }) {
  const layout = useWorkbench(state => state.layout)
  const plane = keyPlane(layout)
  const normal = NORMAL[plane]
  if (!frame || !viewer) return <div className="slice-slider" />
  const count = viewer.dims[normal]
  const index = frame.voxel[normal]
  const positionMm = frame.rasMm[normal].toFixed(1)
  return (
    <input
      className="slice-slider"
      type="range"
      min={0}
      max={Math.max(0, count - 1)}
      step={1}
      value={index}
      aria-label={`${plane} slice`}
      aria-orientation="vertical"
      aria-valuetext={`Slice ${index + 1} of ${count}, ${positionMm} mm`}
      onChange={event => viewer.toSlice(plane, Number(event.target.value))}
    />
  )
}
