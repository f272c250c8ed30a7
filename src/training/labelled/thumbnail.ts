// A small picture of a case: the axial slice through the lesion's centre, as a radiologist looks at it.
import { rasMmToVoxel } from '../../volume/geometry.ts'
import type { OpenLabelledCase } from './cohort.ts'

export interface Thumbnail {
  readonly sizePx: number
  /** Side of the picture, mm. */
  readonly extentMm: number
  /** [sizePx, sizePx], lung window; the first row is anterior, the first column the patient's right. */
  readonly grey: Uint8Array
  /** 1 on the lesion's rim, as long as `grey`; null where the case has no mask. */
  readonly outline: Uint8Array | null
}

/** Lung window: width 1500, level −600 HU. */
const [lowHu, highHu] = [-1350, 150]
const leastExtentMm = 40
/** The picture is so many times as wide as the lesion. */
const margin = 2

/** `sizePx` pixels along each side; samples are the nearest voxels along the volume's own axes, black outside of the scan. */
export function thumbnail({ volume, mask, centreRasMm }: OpenLabelledCase, sizePx = 96): Thumbnail {
  const [D, H, W] = volume.shape
  const [, hMm, wMm] = volume.spacingMm
  const [d, h, w] = rasMmToVoxel(volume.affine, centreRasMm)
  const slice = Math.min(D - 1, Math.max(0, Math.round(d)))
  const plane = mask?.subarray(slice * H * W, (slice + 1) * H * W) ?? null
  const extentMm = Math.max(leastExtentMm, margin * widthMm(plane, W, hMm, wMm))
  const grey = new Uint8Array(sizePx * sizePx)
  const inside = new Uint8Array(sizePx * sizePx)
  for (let row = 0; row < sizePx; row++)
    for (let column = 0; column < sizePx; column++) {
      const offset = (at: number) => (((sizePx - 1) / 2 - at) / sizePx) * extentMm
      const y = Math.round(h + offset(row) / hMm) // anterior up
      const x = Math.round(w + offset(column) / wMm) // the patient's right on the left
      if (y < 0 || y >= H || x < 0 || x >= W) continue
      const hu = volume.hu[(slice * H + y) * W + x]
      const share = (hu - lowHu) / (highHu - lowHu)
      grey[row * sizePx + column] = Math.round(255 * Math.min(1, Math.max(0, share)))
      inside[row * sizePx + column] = plane?.[y * W + x] ?? 0
    }
  return { sizePx, extentMm, grey, outline: mask ? rimOf(inside, sizePx) : null }
}

/** The larger side of the mask's box in the slice, mm. */
function widthMm(plane: Uint8Array | null, W: number, hMm: number, wMm: number): number {
  if (!plane) return 0
  let [top, bottom, left, right] = [Infinity, -1, Infinity, -1]
  plane.forEach((value, i) => {
    if (value === 0) return
    const [y, x] = [Math.floor(i / W), i % W]
    ;[top, bottom, left, right] = [
      Math.min(top, y),
      Math.max(bottom, y),
      Math.min(left, x),
      Math.max(right, x),
    ]
  })
  return bottom < 0 ? 0 : Math.max((bottom - top + 1) * hMm, (right - left + 1) * wMm)
}

/** Pixels inside that have a neighbour outside. */
function rimOf(inside: Uint8Array, sizePx: number): Uint8Array {
  return inside.map((value, i) => {
    const column = i % sizePx
    const neighbours = [
      inside[i - sizePx] ?? 0,
      inside[i + sizePx] ?? 0,
      column > 0 ? inside[i - 1] : 0,
      column < sizePx - 1 ? inside[i + 1] : 0,
    ]
    return value === 1 && neighbours.includes(0) ? 1 : 0
  })
}
