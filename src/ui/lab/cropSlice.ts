// A slice through a crop as the viewer shows planes: patient's right on the left, front up; in sagittal the front on the right.
import type { Triple } from '../../base/shape.ts'
import type { Plane } from '../../state/viewSlice.ts'

/** (D,H,W) axes of a plane: across it, along its columns (x) and its rows (y), and whether x runs backwards. */
const PLANE_AXES: Readonly<Record<Plane, { normal: 0 | 1 | 2; x: 0 | 1 | 2; y: 0 | 1 | 2; flipX: boolean }>> =
  {
    axial: { normal: 0, x: 2, y: 1, flipX: true },
    coronal: { normal: 1, x: 2, y: 0, flipX: true },
    sagittal: { normal: 2, x: 1, y: 0, flipX: false },
  }

export interface CropSlice {
  readonly width: number
  readonly height: number
  /** Flat indices into [D,H,W], row by row from the top. */
  readonly indices: Int32Array
}

export function normalAxis(plane: Plane): 0 | 1 | 2 {
  return PLANE_AXES[plane].normal
}

/** Which elements of a [D,H,W] array a slice shows; `index` counts along the plane's normal. */
export function sliceIndices(shape: Triple, plane: Plane, index: number): CropSlice {
  const { normal, x, y, flipX } = PLANE_AXES[plane]
  const strides = [shape[1] * shape[2], shape[2], 1]
  const [width, height] = [shape[x], shape[y]]
  const indices = new Int32Array(width * height)
  const first = Math.max(0, Math.min(shape[normal] - 1, index)) * strides[normal]
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      indices[row * width + column] =
        first + (height - 1 - row) * strides[y] + (flipX ? width - 1 - column : column) * strides[x]
  return { width, height, indices }
}
