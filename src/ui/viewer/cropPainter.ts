// Draws the lab's paintings: small textures over a box on the slices, and a copy on the preview's grid in 3-D.
import type { Grid, Triple } from '../../base/shape.ts'
import { cropBox } from '../../insight/labCrop.ts'
import type { CropPainting } from '../../insight/painting.ts'
import { MARK, mapBytes } from '../../insight/painting.ts'
import type { OpenedScan } from '../../worker/protocol.ts'
import type { CtImage } from './ctImage.ts'
import { labelImage } from './nvSetup.ts'
import { findingColour, magma } from './palette.ts'
import type { ReadingNiivue } from './readingNiivue.ts'
import { UNITS } from './sliceShader.ts'
import type { VoxelTextures } from './voxelTextures.ts'

export interface PaintLook {
  readonly visible: boolean
  /** 0…1 */
  readonly opacity: number
}

/** Width of a hatching line and its gap, CSS pixels. */
const HATCH_PX = 5

type Rgba = readonly [number, number, number, number]

export class CropPainter {
  private painting: CropPainting | undefined
  private look: PaintLook = { visible: true, opacity: 0.5 }

  constructor(
    private readonly nv: ReadingNiivue,
    private readonly textures: VoxelTextures,
  ) {}

  get isShown(): boolean {
    return this.painting !== undefined && this.look.visible
  }

  show(painting: CropPainting | undefined, grid: Grid): void {
    this.painting = painting
    if (painting) {
      this.place(painting, grid)
      const { map, classes, marks } = painting
      if (map) this.upload(UNITS.cropMap, mapBytes(map), map.shape)
      if (classes) this.upload(UNITS.cropClasses, classes.labels, classes.shape)
      if (marks) this.upload(UNITS.cropMarks, marks.codes, marks.shape)
    }
    this.apply()
  }

  setLook(look: PaintLook): void {
    this.look = look
    this.apply()
  }

  /** The painting on the 3-D view's grid; null where nothing is to be shown there. */
  volumeImage(scan: OpenedScan): CtImage | null {
    const { painting, isShown } = this
    return painting && isShown ? paintVolume(painting, scan) : null
  }

  /** Texture fractions are in (w, h, d) order. */
  private place({ crop }: CropPainting, grid: Grid): void {
    const { low, high } = cropBox(grid, crop)
    const { gl } = this.nv
    const { uniforms } = this.nv.useSliceShader()
    const part = (axis: 0 | 1 | 2, value: number) => value / grid.shape[axis]
    gl.uniform3f(uniforms.cropLow, part(2, low[2]), part(1, low[1]), part(0, low[0]))
    gl.uniform3f(
      uniforms.cropSize,
      part(2, high[2] - low[2]),
      part(1, high[1] - low[1]),
      part(0, high[0] - low[0]),
    )
  }

  /** Grids of tokens are small: they arrive in one slab. */
  private upload(unit: number, bytes: Uint8Array, shape: Triple): void {
    void this.textures.upload(unit, bytes, shape, 0, () => undefined)
  }

  private apply(): void {
    const { nv, painting, look, isShown } = this
    const { gl } = nv
    const { uniforms } = nv.useSliceShader()
    gl.uniform1f(uniforms.cropMapStrength, isShown && painting?.map ? look.opacity : 0)
    gl.uniform1f(uniforms.cropClassStrength, isShown && painting?.classes ? look.opacity : 0)
    gl.uniform1i(uniforms.cropMarked, isShown && painting?.marks ? 1 : 0)
    gl.uniform1f(uniforms.hatchPixels, HATCH_PX * (window.devicePixelRatio || 1))
    nv.drawScene()
  }
}

/** A cell's number in the 3-D view, 0 for none, and what colour each number has. */
function volumeCodes({ map, classes, marks }: CropPainting): {
  shape: Triple
  codes: Uint8Array
  colour: (code: number) => Rgba
} {
  if (map)
    return {
      shape: map.shape,
      codes: mapBytes(map),
      // Only what is attended to is there at all: a whole box would hide its own inside.
      colour: code => [...magma(code / 255), code < 96 ? 0 : Math.round(((code - 96) / 159) * 200 + 40)],
    }
  if (classes)
    return {
      shape: classes.shape,
      codes: classes.labels,
      colour: code => [...findingColour(Math.max(0, code - 1)), code === 0 ? 0 : 160],
    }
  const marksColours: Record<number, Rgba> = {
    [MARK.masked]: [200, 200, 205, 110],
    [MARK.hint]: [76, 195, 217, 255],
  }
  return {
    shape: marks?.shape ?? [1, 1, 1],
    codes: marks?.codes ?? new Uint8Array(1),
    colour: code => marksColours[code] ?? [0, 0, 0, 0],
  }
}

/** Each voxel of the preview that lies in the crop gets the code of its cell. */
function paintVolume(painting: CropPainting, scan: OpenedScan): CtImage {
  const { volume } = scan.series
  const target = scan.preview.shape
  const { low, high } = cropBox(volume, painting.crop)
  const { shape, codes, colour } = volumeCodes(painting)
  const cells = ([0, 1, 2] as const).map(axis =>
    Int32Array.from({ length: target[axis] }, (_, i) => {
      const voxel = ((i + 0.5) / target[axis]) * volume.shape[axis]
      const cell = Math.floor(((voxel - low[axis]) / (high[axis] - low[axis])) * shape[axis])
      return cell >= 0 && cell < shape[axis] ? cell : -1
    }),
  )
  const voxels = new Uint8Array(target[0] * target[1] * target[2])
  for (let d = 0; d < target[0]; d++) {
    if (cells[0][d] < 0) continue
    for (let h = 0; h < target[1]; h++) {
      if (cells[1][h] < 0) continue
      const row = (cells[0][d] * shape[1] + cells[1][h]) * shape[2]
      const at = (d * target[1] + h) * target[2]
      for (let w = 0; w < target[2]; w++) if (cells[2][w] >= 0) voxels[at + w] = codes[row + cells[2][w]]
    }
  }
  return labelImage(scan, 'lab', voxels, colour)
}
