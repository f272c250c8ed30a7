// The mouse over the views. Radiology scheme: wheel slices, left drag windows, middle pans, right zooms, left click moves
// the crosshair. In NiiVue's own scheme this layer only watches the cursor and lets everything through.
import { useEffect, useRef, useState } from 'react'
import type { MouseEvent as ReactMouseEvent, PointerEvent as ReactPointerEvent, RefObject } from 'react'
import { formatHu, formatRas } from '../format.ts'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'
import type { CtViewer } from './ctViewer.ts'
import { contains, tileAt, voxelAt } from './frame.ts'
import type { Frame, SliceTile, Whd } from './frame.ts'

interface LayerProps {
  readonly viewer: CtViewer
  readonly frame: Frame
}

interface Drag {
  readonly button: number
  readonly tile: SliceTile | undefined
  readonly inVolume: boolean
  startX: number
  startY: number
  x: number
  y: number
  hasMoved: boolean
}

/** Less movement than this is a click. */
const CLICK_PX = 3

export function PointerLayer({ viewer, frame }: LayerProps) {
  const scheme = useWorkbench(state => state.mouseScheme)
  const layer = useRef<HTMLDivElement>(null)
  const [cursor, setCursor] = useState<{ voxel: Whd; x: number; y: number } | null>(null)
  const handlers = useRadiologyDrag(viewer, frame)
  useWheel(layer, viewer, frame)

  const watch = (event: ReactPointerEvent) => {
    const { x, y } = localPoint(event)
    const tile = tileAt(frame, x, y)
    const voxel = tile && voxelAt(tile, x, y, viewer.dims)
    setCursor(voxel && event.pointerType === 'mouse' && event.buttons === 0 ? { voxel, x, y } : null)
  }
  return (
    <>
      <div
        ref={layer}
        className={scheme === 'radiology' ? 'pointer-layer' : 'pointer-layer passes'}
        data-testid="views"
        {...handlers}
        onPointerMove={event => {
          watch(event)
          handlers.onPointerMove(event)
        }}
        onPointerLeave={() => setCursor(null)}
        onContextMenu={event => event.preventDefault()}
      />
      {cursor && <CursorReadout cursor={cursor} viewer={viewer} />}
    </>
  )
}

function CursorReadout({
  cursor,
  viewer,
}: {
  cursor: { voxel: Whd; x: number; y: number }
  viewer: CtViewer
}) {
  return (
    <div className="cursor-readout" data-testid="cursor" style={{ left: cursor.x + 14, top: cursor.y + 16 }}>
      {formatHu(viewer.huAt(cursor.voxel))}
      <span className="secondary"> {formatRas(viewer.rasMmOf(cursor.voxel))}</span>
    </div>
  )
}

function localPoint(event: { clientX: number; clientY: number; currentTarget: EventTarget }) {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
  return { x: event.clientX - box.left, y: event.clientY - box.top }
}

function useRadiologyDrag(viewer: CtViewer, frame: Frame) {
  const store = useWorkbenchStore()
  const drag = useRef<Drag | null>(null)
  return {
    onPointerDown(event: ReactPointerEvent<HTMLDivElement>) {
      const { x, y } = localPoint(event)
      const inVolume = frame.volumeTile !== null && contains(frame.volumeTile, x, y)
      drag.current = {
        button: event.button,
        tile: tileAt(frame, x, y),
        inVolume,
        startX: x,
        startY: y,
        x,
        y,
        hasMoved: false,
      }
      event.currentTarget.setPointerCapture(event.pointerId)
      if (event.button === 1) event.preventDefault()
    },
    onPointerMove(event: ReactPointerEvent<HTMLDivElement>) {
      const held = drag.current
      if (!held) return
      const { x, y } = localPoint(event)
      if (!held.hasMoved && Math.hypot(x - held.startX, y - held.startY) < CLICK_PX) return
      const [dx, dy] = [x - held.x, y - held.y]
      drag.current = { ...held, x, y, hasMoved: true }
      if (held.inVolume) return viewer.rotateBy(-dx * 0.5, dy * 0.5)
      if (held.button === 2) viewer.zoomBy(Math.exp(-dy * 0.01))
      else if (held.button === 1 || (held.button === 0 && event.shiftKey)) {
        const tile = frame.tiles.find(one => one.plane === held.tile?.plane)
        if (tile) viewer.panBy(tile, dx, dy)
      } else if (held.button === 0) {
        const { window, setWindow } = store.getState()
        const pace = Math.max(1, window.widthHu / 400)
        // Sideways width, up and down level; dragging up darkens, as at a console.
        setWindow({ name: 'Own', widthHu: window.widthHu + dx * pace, levelHu: window.levelHu + dy * pace })
      }
    },
    onPointerUp(event: ReactPointerEvent<HTMLDivElement>) {
      const held = drag.current
      drag.current = null
      if (!held || held.hasMoved || held.button !== 0 || !held.tile) return
      const { x, y } = localPoint(event)
      const voxel = voxelAt(held.tile, x, y, viewer.dims)
      if (voxel) viewer.moveTo(voxel)
    },
    onPointerCancel: () => (drag.current = null),
    onDoubleClick(event: ReactMouseEvent<HTMLDivElement>) {
      const { x, y } = localPoint(event)
      const { layout, setLayout } = store.getState()
      const tile = tileAt(frame, x, y)
      const isSingle = frame.tiles.length + (frame.volumeTile ? 1 : 0) === 1
      if (isSingle) setLayout('axial-large')
      else if (tile) setLayout(tile.plane)
      else if (frame.volumeTile && layout !== 'volume') setLayout('volume')
    },
  }
}

/** A wheel listener of our own: React's is passive and could not keep the page from scrolling. */
function useWheel(layer: RefObject<HTMLDivElement | null>, viewer: CtViewer, frame: Frame): void {
  const current = useRef(frame)
  useEffect(() => {
    current.current = frame
  }, [frame])
  useEffect(() => {
    const element = layer.current
    if (!element) return
    let rest = 0
    const onWheel = (event: WheelEvent) => {
      event.preventDefault()
      const box = element.getBoundingClientRect()
      const tile = tileAt(current.current, event.clientX - box.left, event.clientY - box.top)
      if (event.ctrlKey) return viewer.zoomBy(Math.exp(-event.deltaY * 0.002))
      if (!tile) return viewer.zoomVolumeBy(Math.exp(-event.deltaY * 0.001))
      // A notch is one slice; a touchpad's small steps add up to one.
      const isNotch = event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(event.deltaY) >= 50
      rest = isNotch ? Math.sign(event.deltaY) : rest + event.deltaY / 24
      const slices = Math.trunc(rest)
      rest = isNotch ? 0 : rest - slices
      if (slices !== 0) viewer.step(tile.plane, -slices)
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  }, [layer, viewer])
}
