// A small picture of a slice with outlines over it: truth solid, prediction dashed, so that colour is not all that tells.
import { useEffect, useRef } from 'react'
import { outlineOf } from './outline.ts'

export interface Slice {
  readonly width: number
  readonly height: number
  /** 0…255, row by row from the top. */
  readonly grey: Uint8Array
  /** 1 in the lesion. */
  readonly truth?: Uint8Array
  /** 1 on the rim of the true lesion, where only that is known. */
  readonly rim?: Uint8Array
  readonly predicted?: Uint8Array
}

interface SlicePictureProps {
  readonly slice: Slice
  /** What is to be seen, for who does not see it. */
  readonly label: string
  /** Pixels of the canvas; the page scales it. */
  readonly sidePx?: number
}

export function SlicePicture({ slice, label, sidePx = 192 }: SlicePictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (canvas.current) drawSlice(canvas.current, slice)
  }, [slice])
  return <canvas ref={canvas} width={sidePx} height={sidePx} role="img" aria-label={label} />
}

const TRUTH_INK = '#e5b567'
const PREDICTED_INK = '#4cc3d9'
const RIM_RGBA = [229, 181, 103, 255] as const

function drawSlice(canvas: HTMLCanvasElement, { width, height, grey, truth, rim, predicted }: Slice): void {
  const image = new ImageData(width, height)
  grey.forEach((value, pixel) =>
    image.data.set(rim?.[pixel] ? RIM_RGBA : [value, value, value, 255], 4 * pixel),
  )
  const small = new OffscreenCanvas(width, height)
  small.getContext('2d')!.putImageData(image, 0, 0)
  const context = canvas.getContext('2d')!
  const scale = Math.min(canvas.width / width, canvas.height / height)
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.fillStyle = '#000'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.setTransform(
    scale,
    0,
    0,
    scale,
    (canvas.width - width * scale) / 2,
    (canvas.height - height * scale) / 2,
  )
  context.imageSmoothingEnabled = width * 2 > canvas.width
  context.drawImage(small, 0, 0)
  if (truth) stroke(context, outlineOf(truth, width, height), TRUTH_INK, 2 / scale, [])
  if (predicted)
    stroke(context, outlineOf(predicted, width, height), PREDICTED_INK, 2 / scale, [5 / scale, 3 / scale])
}

function stroke(
  context: CanvasRenderingContext2D,
  segments: readonly number[],
  ink: string,
  width: number,
  dash: number[],
): void {
  context.strokeStyle = ink
  context.lineWidth = width
  context.setLineDash(dash)
  context.beginPath()
  for (let i = 0; i < segments.length; i += 4) {
    context.moveTo(segments[i], segments[i + 1])
    context.lineTo(segments[i + 2], segments[i + 3])
  }
  context.stroke()
}
