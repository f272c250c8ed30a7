// Draws the lab's paintings: small textures over a box on the slices, and a copy on the preview's grid in 3-D.
import type { Grid, Triple } from '../../base/shape.ts'
import { voxelCount } from '../../base/shape.ts'
import { cropBox, type LabCrop } from '../../insight/labCrop.ts'
import type { CropPainting } from '../../insight/painting.ts'
import { MARK, mapBytes } from '../../insight/painting.ts'
import { spreadCells } from '../../insight/scanMap.ts'
import type { OpenedScan } from '../../worker/protocol.ts'
import type { CtImage } from './ctImage.ts'
import type { Whd } from './frame.ts'
import { graphicsDone } from './graphicsDone.ts'
import { labelImage } from './nvSetup.ts'
import { findingColour, magma, PREDICTED_RGB, TRUTH_RGB } from './palette.ts'
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

/** The 3-D view is made anew when paintings come to rest: on a processor that takes tenths of a second. */
const REST_MS = 200

export class CropPainter {
  private scan: OpenedScan | undefined
  private painting: CropPainting | undefined
  private look: PaintLook = { visible: true, opacity: 0.5 }
  private rest: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly nv: ReadingNiivue,
    private readonly textures: VoxelTextures,
    private readonly onVolume: () => void,
  ) {}

  /** A new scan has no painting yet. */
  setScan(scan: OpenedScan): void {
    this.scan = scan
    this.painting = undefined
    this.apply()
  }

  /** Undefined paints nothing. */
  show(painting: CropPainting | undefined): void {
    if (!this.scan || painting === this.painting) return
    this.painting = painting
    if (painting) {
      this.place(painting, this.scan.series.volume)
      const { map, classes, marks, outlines } = painting
      if (map) this.upload(UNITS.cropMap, mapBytes(map), map.shape)
      if (classes) this.upload(UNITS.cropClasses, classes.labels, classes.shape)
      if (marks) this.upload(UNITS.cropMarks, marks.codes, marks.shape)
      if (outlines) this.upload(UNITS.cropClasses, outlines.codes, outlines.shape)
    }
    this.apply()
    this.refreshVolume()
  }

  setLook(look: PaintLook): void {
    const isToggled = look.visible !== this.look.visible
    this.look = look
    this.apply()
    if (isToggled && this.painting) this.refreshVolume()
  }

  /** The painting on the 3-D view's grid; null where nothing is to be shown there. */
  volumeImage(): CtImage | null {
    const { painting, scan } = this
    return painting && scan && this.look.visible ? paintVolume(painting, scan) : null
  }

  /** Where a region lies, in continuous voxels (w, h, d): voxel i covers [i, i + 1). */
  boxOf(crop: LabCrop): { low: Whd; high: Whd } | undefined {
    if (!this.scan) return undefined
    const { low, high } = cropBox(this.scan.series.volume, crop)
    return { low: [low[2], low[1], low[0]], high: [high[2], high[1], high[0]] }
  }

  dispose(): void {
    clearTimeout(this.rest)
    this.rest = undefined
  }

  private refreshVolume(): void {
    clearTimeout(this.rest)
    const own = setTimeout(() => void this.refreshWhenDrawn(() => this.rest === own), REST_MS)
    this.rest = own
  }

  /** NiiVue asks the graphics process for an answer there: frames that are still to be drawn would hold the page until then. */
  private async refreshWhenDrawn(isWanted: () => boolean): Promise<void> {
    let drawn: number
    do {
      drawn = this.nv.framesDrawn
      await graphicsDone(this.nv.gl)
      if (!isWanted()) return
    } while (this.nv.framesDrawn !== drawn)
    this.onVolume()
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
    const { nv, painting, look } = this
    const isShown = painting !== undefined && look.visible
    const { gl } = nv
    const { uniforms } = nv.useSliceShader()
    gl.uniform1f(uniforms.cropMapStrength, isShown && painting?.map ? look.opacity : 0)
    gl.uniform1f(uniforms.cropClassStrength, isShown && painting?.classes ? look.opacity : 0)
    gl.uniform1i(uniforms.cropOutlined, isShown && painting?.outlines ? 1 : 0)
    gl.uniform1i(uniforms.cropMarked, isShown && painting?.marks ? 1 : 0)
    gl.uniform1f(uniforms.hatchPixels, HATCH_PX * (window.devicePixelRatio || 1))
    nv.drawScene()
  }
}

/** A cell's number in the 3-D view, 0 for none, and what colour each number has. */
function volumeCodes({ map, classes, marks, outlines }: CropPainting): {
  shape: Triple
  codes: Uint8Array
  colour: (code: number) => Rgba
} {
  if (map)
    return {
      shape: map.shape,
      codes: mapBytes(map),
      // Only what is attended to is there at all: a whole box would hide its own inside.
      colour: code => [...magma(code / 255), code < 128 ? 0 : Math.round(((code - 128) / 127) * 200 + 40)],
    }
  if (classes)
    return {
      shape: classes.shape,
      codes: classes.labels,
      colour: code => [...findingColour(Math.max(0, code - 1)), code === 0 ? 0 : 160],
    }
  if (outlines)
    return {
      shape: outlines.shape,
      codes: outlines.codes,
      colour: code => [...(code & 1 ? TRUTH_RGB : PREDICTED_RGB), code === 0 ? 0 : 200],
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
  const { shape, codes, colour } = volumeCodes(painting)
  const voxels = new Uint8Array(voxelCount(target))
  spreadCells(codes, shape, cropBox(volume, painting.crop), volume.shape, voxels, target)
  return labelImage(scan, 'lab', voxels, colour)
}
