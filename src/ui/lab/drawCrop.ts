// Draws a crop's slice on a canvas: grey levels or signed differences, with the marks of a token grid over it.
import type { Triple } from '../../base/shape.ts'
import { MARK } from '../../insight/painting.ts'
import type { Plane } from '../../state/viewSlice.ts'
import { normalAxis, sliceIndices } from './cropSlice.ts'

export interface CropPicture {
  /** [D,H,W] */
  readonly values: Float32Array
  readonly shape: Triple
  /** What black and white are. */
  readonly low: number
  readonly high: number
  /** Below zero is blue, above orange, 0 is black; `high` is the deepest of both. */
  readonly isDifference?: boolean
  /** Codes of `MARK` over a grid that fills the crop. */
  readonly marks?: { readonly shape: Triple; readonly codes: Uint8Array }
}

type Rgb = readonly [number, number, number]

/** Two ends that stay apart for every kind of colour vision (Okabe and Ito's sky blue and orange). */
const BELOW: Rgb = [86, 180, 233]
const ABOVE: Rgb = [230, 159, 0]

const WHITE: Rgb = [255, 255, 255]

/** The slice at its own resolution, one pixel a voxel. Sliders redraw four of them a step: no array a pixel. */
function sliceImage(picture: CropPicture, plane: Plane, index: number): ImageData {
  const { values, shape, low, high, isDifference } = picture
  const { width, height, indices } = sliceIndices(shape, plane, index)
  const image = new ImageData(width, height)
  const { data } = image
  for (let pixel = 0; pixel < indices.length; pixel++) {
    const value = values[indices[pixel]]
    const strength = isDifference ? Math.abs(value) / high : Math.max(0, (value - low) / (high - low))
    const ink = !isDifference ? WHITE : value < 0 ? BELOW : ABOVE
    for (let channel = 0; channel < 3; channel++)
      data[4 * pixel + channel] = ink[channel] * Math.min(1, strength)
    data[4 * pixel + 3] = 255
  }
  return image
}

/** By width of a line: sliders draw four pictures a step. */
const hatches = new Map<number, CanvasPattern>()

function hatchOf(context: CanvasRenderingContext2D, linePx: number): CanvasPattern {
  const known = hatches.get(linePx)
  if (known) return known
  const pattern = hatchPattern(context, linePx)
  hatches.set(linePx, pattern)
  return pattern
}

/** Dark beside light, so that hatching reads over any window. */
function hatchPattern(context: CanvasRenderingContext2D, linePx: number): CanvasPattern {
  const size = Math.max(4, Math.round(linePx * 4))
  const tile = new OffscreenCanvas(size, size)
  const ink = tile.getContext('2d')!
  ink.fillStyle = '#00000073'
  ink.fillRect(0, 0, size, size)
  for (const [colour, shift] of [
    ['#0d0d0d', 0],
    ['#ebebeb', size / 2 - linePx],
  ] as const) {
    ink.strokeStyle = colour
    ink.lineWidth = linePx
    for (const offset of [-size, 0, size]) {
      ink.beginPath()
      ink.moveTo(offset + shift - size, size * 2)
      ink.lineTo(offset + shift + size * 2, -size)
      ink.stroke()
    }
  }
  return context.createPattern(tile, 'repeat')!
}

function drawMarks(
  context: CanvasRenderingContext2D,
  picture: CropPicture,
  plane: Plane,
  index: number,
): void {
  const { marks, shape } = picture
  if (!marks) return
  const axis = normalAxis(plane)
  const cell = Math.floor(((index + 0.5) / shape[axis]) * marks.shape[axis])
  const { width, height, indices } = sliceIndices(marks.shape, plane, cell)
  const { canvas } = context
  const [stepX, stepY] = [canvas.width / width, canvas.height / height]
  const linePx = canvas.width / 110
  const hatch = hatchOf(context, linePx)
  indices.forEach((at, pixel) => {
    const code = marks.codes[at]
    const [x, y] = [(pixel % width) * stepX, Math.floor(pixel / width) * stepY]
    if (code === MARK.masked || code === MARK.dropped) {
      context.fillStyle = code === MARK.masked ? hatch : '#000000e0'
      context.fillRect(x, y, stepX, stepY)
    } else if (code === MARK.hint) {
      context.strokeStyle = '#4cc3d9'
      context.lineWidth = 1.6 * linePx
      context.strokeRect(x + linePx, y + linePx, stepX - 2 * linePx, stepY - 2 * linePx)
    }
  })
}

/** Fills the whole canvas. */
export function drawCrop(canvas: HTMLCanvasElement, picture: CropPicture, plane: Plane, index: number): void {
  const image = sliceImage(picture, plane, index)
  const small = new OffscreenCanvas(image.width, image.height)
  small.getContext('2d')!.putImageData(image, 0, 0)
  const context = canvas.getContext('2d')!
  context.imageSmoothingEnabled = false
  context.drawImage(small, 0, 0, canvas.width, canvas.height)
  drawMarks(context, picture, plane, index)
}
