// The map of tokens: pointing at one says where it lies, a click looks there, dragging a box paints its tokens alone. The
// token under the crosshair is ringed, so that the way goes in both directions.
import { useEffect, useMemo, useRef, useState } from 'react'
import type { PointerEvent as ReactPointerEvent, RefObject } from 'react'
import { Button } from 'react-aria-components'
import { placeOfRow } from '../../insight/pooledTokens.ts'
import { tokenAt, tokenOf } from '../../insight/tokenGrid.ts'
import { voxelToRasMm } from '../../volume/geometry.ts'
import type { ClusterResult } from '../../worker/insightProtocol.ts'
import { capitalise, formatRas } from '../format.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { drawPoints, fitPoints, pointColours } from './drawFeatureMap.ts'

/** How near the pointer must be to a point, CSS pixels. */
const REACH_PX = 9
/** Less movement than this is a click, CSS pixels. */
const CLICK_PX = 4

interface Box {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

export function FeatureMap({ result }: { result: ClusterResult }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const places = useMemo(() => fitPoints(result.points), [result])
  const brushed = useWorkbench(state => state.brushed)
  const brush = useWorkbench(state => state.brushTokens)
  const [hovered, setHovered] = useState<number | null>(null)
  const [box, setBox] = useState<Box | null>(null)
  useDrawing(canvas, result, places, hovered)

  const look = useWorkbench(state => state.lookAt)
  const handlers = {
    onPointerDown(event: ReactPointerEvent) {
      event.currentTarget.setPointerCapture(event.pointerId)
      const { x, y } = localPoint(event)
      setBox({ x0: x, y0: y, x1: x, y1: y })
    },
    onPointerMove(event: ReactPointerEvent) {
      const { x, y, side } = localPoint(event)
      if (box) setBox({ ...box, x1: x, y1: y })
      else setHovered(nearestPoint(places, x / side, y / side, REACH_PX / side))
    },
    onPointerUp(event: ReactPointerEvent) {
      const { side } = localPoint(event)
      const dragged = box
      setBox(null)
      if (!dragged) return
      if (Math.hypot(dragged.x1 - dragged.x0, dragged.y1 - dragged.y0) >= CLICK_PX)
        return brush(tokensIn(dragged, places, side, result.chosen))
      const point = nearestPoint(places, dragged.x0 / side, dragged.y0 / side, REACH_PX / side)
      const place = point === null ? undefined : placeOf(result, point)
      if (place?.scan === 0) look(place.rasMm)
    },
    onPointerLeave: () => setHovered(null),
  }
  return (
    <>
      <div className="feature-map" data-testid="feature-map" {...handlers}>
        <canvas ref={canvas} role="img" aria-label={`Map of ${result.chosen.length} tokens by UMAP`} />
        {box && <div className="feature-brush" style={rectOf(box)} />}
      </div>
      <p className="secondary figures chart-readout" data-testid="token-readout">
        {hovered === null
          ? `${result.chosen.length} of ${result.clusters.length} tokens. Point at one, click to look there, drag a box to paint its tokens alone.`
          : nameOf(result, hovered)}
      </p>
      {brushed && (
        <Button className="button small" onPress={() => brush(null)}>
          Paint all tokens again ({brushed.length} are painted)
        </Button>
      )}
    </>
  )
}

/** Where a point of the map lies, in the world of its own scan. */
function placeOf({ scans, chosen }: ClusterResult, point: number) {
  const sizes = scans.map(({ tokens }) => tokens)
  const { scan, token } = placeOfRow(sizes, chosen[point])
  const { grid } = scans[scan]
  return { scan, rasMm: voxelToRasMm(grid.affine, tokenAt(token, grid.shape)) }
}

function nameOf(result: ClusterResult, point: number): string {
  const { clusters, labels, chosen, scans } = result
  const row = chosen[point]
  const label = labels && labels.names[labels.ofTokens[row]]
  const { scan, rasMm } = placeOf(result, point)
  const where = scans.length > 1 ? `Scan ${scan + 1}${scan === 0 ? ' (open)' : ''}, ` : ''
  return capitalise(`${where}cluster ${clusters[row] + 1}${label ? `, ${label}` : ''}: ${formatRas(rasMm)}`)
}

function localPoint(event: ReactPointerEvent) {
  const rect = event.currentTarget.getBoundingClientRect()
  return { x: event.clientX - rect.left, y: event.clientY - rect.top, side: rect.width }
}

function rectOf({ x0, y0, x1, y1 }: Box) {
  return {
    left: Math.min(x0, x1),
    top: Math.min(y0, y1),
    width: Math.abs(x1 - x0),
    height: Math.abs(y1 - y0),
  }
}

/** The point nearest to (x, y), shares of the side, if it is within `reach`. */
function nearestPoint(places: Float32Array, x: number, y: number, reach: number): number | null {
  let best: number | null = null
  let least = reach
  for (let i = 0; i < places.length / 2; i++) {
    const distance = Math.hypot(places[2 * i] - x, places[2 * i + 1] - y)
    if (distance < least) [best, least] = [i, distance]
  }
  return best
}

function tokensIn(box: Box, places: Float32Array, side: number, chosen: Int32Array): Int32Array | null {
  const { left, top, width, height } = rectOf(box)
  const isIn = (share: number, from: number, size: number) =>
    share * side >= from && share * side <= from + size
  const tokens = chosen.filter(
    (_, i) => isIn(places[2 * i], left, width) && isIn(places[2 * i + 1], top, height),
  )
  return tokens.length > 0 ? tokens : null
}

/** Redraws when the points, their colours, the brush, the pointer's token, the crosshair or the size change. */
function useDrawing(
  canvas: RefObject<HTMLCanvasElement | null>,
  result: ClusterResult,
  places: Float32Array,
  hovered: number | null,
): void {
  const by = useWorkbench(state => state.tokenColour)
  const brushed = useWorkbench(state => state.brushed)
  const crosshair = useWorkbench(state => state.crosshairRasMm)
  const [side, setSide] = useState(0)
  useEffect(() => {
    const element = canvas.current
    if (!element) return
    const observer = new ResizeObserver(() => setSide(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [canvas])
  useEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context || side === 0) return
    const ratio = window.devicePixelRatio || 1
    element.width = element.height = Math.round(side * ratio)
    context.scale(ratio, ratio)
    const { chosen, scans } = result
    const [{ grid }] = scans
    const set = brushed && new Set(brushed)
    const colours = pointColours(result, by)
    drawPoints(context, places, side, { colours, radius: 2.1, brushed: set, chosen })
    const ring = (point: number, radius: number, colour: string) => {
      context.strokeStyle = colour
      context.lineWidth = 1.6
      context.beginPath()
      context.arc(places[2 * point] * side, places[2 * point + 1] * side, radius, 0, 2 * Math.PI)
      context.stroke()
    }
    const token = crosshair && tokenOf(grid, crosshair)
    const [, h, w] = grid.shape
    const under = token ? chosen.indexOf((token[0] * h + token[1]) * w + token[2]) : -1
    if (under >= 0) ring(under, 7, '#e6e9ee')
    if (hovered !== null) ring(hovered, 5, '#4cc3d9')
  }, [canvas, result, places, hovered, by, brushed, crosshair, side])
}
