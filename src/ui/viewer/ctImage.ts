// NiiVue images built from arrays in memory: no parsing, no copy, no scan of the voxels for a display range.
import { NVImage } from '@niivue/niivue'
import type { Affine, Triple } from '../../base/shape.ts'

const DT_UINT8 = 2
const DT_INT16 = 4

export interface ImageSource {
  readonly name: string
  readonly voxels: Int16Array | Uint8Array
  readonly shape: Triple
  readonly spacingMm: Triple
  /** Row-major, (w,h,d,1) → RAS mm at the voxel's centre. */
  readonly affine: Affine
  /** Known range of the voxels, HU for a scan. */
  readonly min: number
  readonly max: number
  readonly colormap?: string
}

export class CtImage extends NVImage {
  constructor(source: ImageSource) {
    // The colour map goes in here: NiiVue's setter would walk through all voxels.
    super(null, source.name, source.colormap)
    const [depth, height, width] = source.shape
    const [d, h, w] = source.spacingMm
    const datatype = source.voxels instanceof Int16Array ? DT_INT16 : DT_UINT8
    const header = NVImage.createNiftiHeader([width, height, depth], [w, h, d], [...source.affine], datatype)
    header.scl_slope = 1
    header.scl_inter = 0
    header.cal_min = source.min
    header.cal_max = source.max
    this.hdr = header
    this.img = source.voxels
    this.nFrame4D = 1
    this.nTotalFrame4D = 1
    this.frame4D = 0
    this.nVox3D = source.voxels.length
    this.calculateRAS()
    this.calMinMax()
  }

  /** NiiVue would walk through all voxels here; the range came with them. */
  override calMinMax(): number[] {
    const { cal_min: min, cal_max: max } = this.hdr!
    this.cal_min = this.robust_min = this.global_min = min
    this.cal_max = this.robust_max = this.global_max = max
    return [min, max, min, max]
  }
}

/** The grid of a preview that covers the same box as `full`, with other voxels. */
export function previewGrid(
  full: Omit<ImageSource, 'name' | 'voxels' | 'min' | 'max' | 'colormap'>,
  shape: Triple,
) {
  const scale = full.shape.map((size, axis) => size / shape[axis])
  const spacingMm: Triple = [
    full.spacingMm[0] * scale[0],
    full.spacingMm[1] * scale[1],
    full.spacingMm[2] * scale[2],
  ]
  // Columns are w, h, d; the box starts half a full voxel before the first full voxel's centre.
  const [stepD, stepH, stepW] = scale
  const steps = [stepW, stepH, stepD]
  const affine: number[] = []
  for (let row = 0; row < 3; row++) {
    const at = row * 4
    const columns = steps.map((step, column) => full.affine[at + column] * step)
    const shift = steps.reduce((sum, step, column) => sum + full.affine[at + column] * (step - 1) * 0.5, 0)
    affine.push(...columns, full.affine[at + 3] + shift)
  }
  return { shape, spacingMm, affine: [...affine, 0, 0, 0, 1] }
}
