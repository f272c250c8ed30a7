// Zoom, pan and rotation of NiiVue's scene. Its pan is in mm and is added after zooming about the origin of the volume's
// own box, so each zoom shifts the pan to keep its focus still.
import type { ReadingNiivue } from './readingNiivue.ts'
import type { SliceTile } from './frame.ts'

const MIN_ZOOM = 0.3
const MAX_ZOOM = 20

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value))

export function zoomOf(nv: ReadingNiivue): number {
  return nv.scene.pan2Dxyzmm[3]
}

/** Zooms about the crosshair: what is looked at stays where it is. */
export function zoomBy(nv: ReadingNiivue, factor: number): void {
  const pan = nv.scene.pan2Dxyzmm
  const next = clamp(pan[3] * factor, MIN_ZOOM, MAX_ZOOM)
  const focus = nv.frac2mm(nv.scene.crosshairPos)
  for (let axis = 0; axis < 3; axis++) pan[axis] += focus[axis] * (pan[3] - next)
  pan[3] = next
  nv.drawScene()
}

/** Moves the image within a tile by CSS pixels. */
export function panBy(nv: ReadingNiivue, tile: SliceTile, dx: number, dy: number): void {
  const { low, high } = extent(nv)
  const pan = nv.scene.pan2Dxyzmm
  const moves = [
    [tile.x, dx],
    [tile.y, dy],
  ] as const
  for (const [{ axis, perPixel }, pixels] of moves)
    pan[axis] += pixels * perPixel * (high[axis] - low[axis]) * pan[3]
  nv.drawScene()
}

export function centreOnCrosshair(nv: ReadingNiivue): void {
  const { low, high } = extent(nv)
  const pan = nv.scene.pan2Dxyzmm
  const focus = nv.frac2mm(nv.scene.crosshairPos)
  for (let axis = 0; axis < 3; axis++) pan[axis] = (low[axis] + high[axis]) / 2 - focus[axis] * pan[3]
  nv.drawScene()
}

/** The whole slice in every view; the 3-D view from the front, a little from the side and from above. */
export function resetCamera(nv: ReadingNiivue): void {
  const pan = nv.scene.pan2Dxyzmm
  pan[0] = pan[1] = pan[2] = 0
  pan[3] = 1
  nv.scene.volScaleMultiplier = 1
  nv.scene.renderAzimuth = 165
  nv.scene.renderElevation = 10
  nv.drawScene()
}

export function rotateBy(nv: ReadingNiivue, azimuth: number, elevation: number): void {
  const { renderAzimuth, renderElevation } = nv.scene
  nv.scene.renderAzimuth = (renderAzimuth + azimuth + 360) % 360
  nv.scene.renderElevation = clamp(renderElevation + elevation, -90, 90)
  nv.drawScene()
}

export function zoomVolumeBy(nv: ReadingNiivue, factor: number): void {
  nv.scene.volScaleMultiplier = clamp(nv.scene.volScaleMultiplier * factor, 0.4, 4)
  nv.drawScene()
}

/** The volume's box along its own axes, mm, in (w,h,d) order. */
function extent(nv: ReadingNiivue): { low: number[]; high: number[] } {
  const { extentsMinOrtho, extentsMaxOrtho } = nv.volumes[0]
  return { low: extentsMinOrtho as number[], high: extentsMaxOrtho as number[] }
}
