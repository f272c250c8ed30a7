// One picture of the region with its caption; several of them in a strip show the same slice.
import { useEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import type { Plane } from '../../state/viewSlice.ts'
import { drawCrop, type CropPicture } from './drawCrop.ts'

interface CropCanvasProps {
  readonly picture: CropPicture
  readonly plane: Plane
  readonly index: number
  /** What is to be seen, for who does not see it. */
  readonly label: string
  readonly children?: ReactNode
}

/** Enough for a panel of a 4K screen; the browser scales it down. */
const SIDE = 384

export function CropCanvas({ picture, plane, index, label, children }: CropCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (canvas.current) drawCrop(canvas.current, picture, plane, index)
  }, [picture, plane, index])
  return (
    <figure className="crop-figure">
      <canvas ref={canvas} width={SIDE} height={SIDE} role="img" aria-label={label} />
      {children && <figcaption>{children}</figcaption>}
    </figure>
  )
}
