// The views as one picture: what NiiVue draws, with the letters and the lab's region that the page draws over it.
import type { LabCrop } from '../../insight/labCrop.ts'
import { capitalise } from '../format.ts'
import type { CtViewer } from './ctViewer.ts'
import { edgeLetters, pixelOf } from './frame.ts'
import type { Rect, SliceTile, Whd } from './frame.ts'

const edge = ([w, h, d]: Whd): Whd => [w - 0.5, h - 0.5, d - 0.5]

function drawLetters(context: CanvasRenderingContext2D, tile: SliceTile): void {
  const { left, top, width, height } = tile.rect
  const letters = edgeLetters(tile)
  const places: readonly (readonly [string, number, number])[] = [
    [letters.left, left + 14, top + height / 2],
    [letters.right, left + width - 14, top + height / 2],
    [letters.top, left + width / 2, top + 16],
    [letters.bottom, left + width / 2, top + height - 8],
  ]
  context.textAlign = 'center'
  context.font = "600 14px 'Inter Variable', system-ui, sans-serif"
  for (const [letter, x, y] of places) {
    context.fillStyle = '#000000a8'
    context.fillRect(x - 9, y - 14, 18, 19)
    context.fillStyle = '#ffe9b8'
    context.fillText(letter, x, y)
  }
  context.textAlign = 'left'
  context.font = "13px 'Inter Variable', system-ui, sans-serif"
  const name = `${capitalise(tile.plane)} ${tile.slice}/${tile.sliceCount}`
  context.fillStyle = '#000000a8'
  context.fillRect(left + 4, top + height - 24, context.measureText(name).width + 8, 20)
  context.fillStyle = '#e6e9ee'
  context.fillText(name, left + 8, top + height - 10)
}

function drawRegion(
  context: CanvasRenderingContext2D,
  viewer: CtViewer,
  tile: SliceTile,
  crop: LabCrop,
): void {
  const box = viewer.painter.boxOf(crop)
  if (!box) return
  const { left, top, width, height }: Rect = tile.rect
  const [a, b] = [box.low, box.high].map(voxel => pixelOf(tile, edge(voxel), viewer.dims))
  context.save()
  context.beginPath()
  context.rect(left, top, width, height)
  context.clip()
  context.strokeStyle = '#4cc3d9'
  context.lineWidth = 1.5
  context.strokeRect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y))
  context.restore()
}

/** A copy of all views at the screen's resolution; `crop` is outlined where there is one. */
export function snapshotViews(viewer: CtViewer, crop: LabCrop | null): HTMLCanvasElement {
  const canvas = viewer.copyCanvas()
  const context = canvas.getContext('2d')!
  const ratio = window.devicePixelRatio || 1
  context.scale(ratio, ratio)
  for (const tile of viewer.frame()?.tiles ?? []) {
    if (crop) drawRegion(context, viewer, tile, crop)
    drawLetters(context, tile)
  }
  return canvas
}
