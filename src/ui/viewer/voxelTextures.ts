// Voxels on the graphics card: HU once a scan, labels and probability once a prediction, the lab's small grids as they change.
// Uploaded slab by slab between frames, so that a 400 MB volume never holds the main thread.
import type { Triple } from '../../base/shape.ts'
import { graphicsDone } from './graphicsDone.ts'
import { UNITS } from './sliceShader.ts'
import { paletteTexels } from './palette.ts'

const SLAB_BYTES = 8 * 1024 * 1024

type Voxels = Int16Array | Uint8Array

/** Slices that have arrived: from one up to, not including, the other. */
export interface LoadedSlices {
  readonly from: number
  readonly to: number
}

/** Units of codes, which are looked up and never mixed. */
const INTEGERS = new Set<number>([UNITS.labels, UNITS.cropClasses, UNITS.cropMarks])

interface TexelFormat {
  internal: number
  format: number
  type: number
  filter: number
}

export class VoxelTextures {
  private readonly gl: WebGL2RenderingContext
  private readonly textures = new Map<number, WebGLTexture>()
  private uploads = new Map<number, number>()

  constructor(gl: WebGL2RenderingContext) {
    this.gl = gl
    const palette = this.replace(UNITS.palette, gl.TEXTURE_2D, gl.NEAREST)
    gl.bindTexture(gl.TEXTURE_2D, palette)
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, 256, 3)
    this.setPalette(new Set())
    for (const unit of Object.values(UNITS)) if (unit !== UNITS.palette) this.clear(unit)
  }

  /** Labels in `hidden` get no colour at all. */
  setPalette(hidden: ReadonlySet<number>): void {
    const { gl } = this
    gl.activeTexture(gl.TEXTURE0 + UNITS.palette)
    gl.bindTexture(gl.TEXTURE_2D, this.textures.get(UNITS.palette) ?? null)
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 256, 3, gl.RGBA, gl.UNSIGNED_BYTE, paletteTexels(hidden))
  }

  get largestSize(): number {
    return this.gl.getParameter(this.gl.MAX_3D_TEXTURE_SIZE) as number
  }

  /** NiiVue leaves units above 10 alone between its own operations; binding again costs nothing. */
  bind(): void {
    const { gl } = this
    for (const [unit, texture] of this.textures) {
      gl.activeTexture(gl.TEXTURE0 + unit)
      gl.bindTexture(unit === UNITS.palette ? gl.TEXTURE_2D : gl.TEXTURE_3D, texture)
    }
  }

  /** One voxel of nothing: air for HU, background for labels and probability. */
  clear(unit: number): void {
    const empty = unit === UNITS.hu ? Int16Array.of(-1024) : Uint8Array.of(0)
    void this.upload(unit, empty, [1, 1, 1], 0, () => undefined)
  }

  /**
   * Uploads [D,H,W] voxels, from the slab that holds slice `firstSlice` outwards; `onSlab` is called after each.
   * Resolves to false when a newer upload to the same unit has taken over.
   */
  async upload(
    unit: number,
    voxels: Voxels,
    shape: Triple,
    firstSlice: number,
    onSlab: (loaded: LoadedSlices) => void,
  ): Promise<boolean> {
    const { gl } = this
    const turn = (this.uploads.get(unit) ?? 0) + 1
    this.uploads.set(unit, turn)
    const [depth, height, width] = shape
    const { internal, format, type, filter } = this.formatOf(unit)
    this.replace(unit, gl.TEXTURE_3D, filter)
    gl.texStorage3D(gl.TEXTURE_3D, 1, internal, width, height, depth)
    const slicesPerSlab = Math.max(1, Math.floor(SLAB_BYTES / (width * height * voxels.BYTES_PER_ELEMENT)))
    const starts = Array.from({ length: Math.ceil(depth / slicesPerSlab) }, (_, i) => i * slicesPerSlab)
    starts.sort(
      (a, b) => Math.abs(a + slicesPerSlab / 2 - firstSlice) - Math.abs(b + slicesPerSlab / 2 - firstSlice),
    )
    let loaded: LoadedSlices = { from: depth, to: 0 }
    for (const [order, start] of starts.entries()) {
      if (order > 0) await graphicsDone(gl)
      if (this.uploads.get(unit) !== turn) return false
      const count = Math.min(slicesPerSlab, depth - start)
      const slab = voxels.subarray(start * width * height, (start + count) * width * height)
      gl.activeTexture(gl.TEXTURE0 + unit)
      gl.bindTexture(gl.TEXTURE_3D, this.textures.get(unit) ?? null)
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)
      gl.texSubImage3D(gl.TEXTURE_3D, 0, 0, 0, start, width, height, count, format, type, slab)
      loaded = { from: Math.min(loaded.from, start), to: Math.max(loaded.to, start + count) }
      onSlab(loaded)
    }
    return true
  }

  dispose(): void {
    for (const texture of this.textures.values()) this.gl.deleteTexture(texture)
    this.textures.clear()
    this.uploads = new Map([...this.uploads].map(([unit, turn]) => [unit, turn + 1]))
  }

  private formatOf(unit: number): TexelFormat {
    const { gl } = this
    if (unit === UNITS.hu)
      return { internal: gl.R16I, format: gl.RED_INTEGER, type: gl.SHORT, filter: gl.NEAREST }
    if (INTEGERS.has(unit))
      return { internal: gl.R8UI, format: gl.RED_INTEGER, type: gl.UNSIGNED_BYTE, filter: gl.NEAREST }
    return { internal: gl.R8, format: gl.RED, type: gl.UNSIGNED_BYTE, filter: gl.LINEAR }
  }

  private replace(unit: number, target: number, filter: number): WebGLTexture | null {
    const { gl } = this
    gl.deleteTexture(this.textures.get(unit) ?? null)
    const texture = gl.createTexture()
    this.textures.set(unit, texture)
    gl.activeTexture(gl.TEXTURE0 + unit)
    gl.bindTexture(target, texture)
    gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, filter)
    gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, filter)
    gl.texParameteri(target, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE)
    gl.texParameteri(target, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE)
    if (target === gl.TEXTURE_3D) gl.texParameteri(target, gl.TEXTURE_WRAP_R, gl.CLAMP_TO_EDGE)
    return texture
  }
}
