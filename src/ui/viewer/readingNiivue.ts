// NiiVue as a reading room needs it: one frame a screen refresh without waiting for the graphics card, slices drawn by
// our shader from int16 HU, the 3-D view made from a small copy and drawn again only when it changed.
import { Niivue } from '@niivue/niivue'
import type { NVImage, SLICE_TYPE } from '@niivue/niivue'

type Rect = readonly number[]
type Tile = Niivue['screenSlices'][number]
type FieldOfView = ReturnType<Niivue['screenFieldOfViewExtendedVox']>

export class ReadingNiivue extends Niivue {
  /** The small copy of the open scan that the 3-D view shows. */
  preview: NVImage | null = null
  /** Raised whenever the 3-D view would look different for a reason of its own. */
  volumeViewVersion = 0
  /** Frames that were sent to the graphics process since the page began. */
  framesDrawn = 0
  onFrame: () => void = () => undefined
  beforeFrame: () => void = () => undefined
  /** Told when NiiVue itself has changed the window, as low and high HU. */
  onWindow: (lowHu: number, highHu: number) => void = () => undefined
  private frame = 0
  private tileAspect = 0
  private cache: { key: string; target: WebGLFramebuffer; texture: WebGLTexture; tile: Tile } | null = null

  show(full: NVImage, preview: NVImage): void {
    const { cal_min: low, cal_max: high } = this.volumes[0] ?? full
    full.cal_min = low
    full.cal_max = high
    this.volumes = [full]
    this.back = full
    this.overlays = []
    this.preview = preview
    this.updateGLVolume()
  }

  /** An image on the preview's grid over the 3-D view, or none. */
  showFindings(image: NVImage | null): void {
    if (!image && this.volumes.length === 1) return
    this.volumes = image ? [this.volumes[0], image] : [this.volumes[0]]
    this.overlays = this.volumes.slice(1)
    this.updateGLVolume()
  }

  setWindowHu(lowHu: number, highHu: number): void {
    const full = this.volumes[0]
    if (full) {
      full.cal_min = lowHu
      full.cal_max = highHu
    }
    this.gl.uniform2f(this.useSliceShader().uniforms.windowHu, lowHu, highHu)
    this.drawScene()
  }

  useSliceShader(): NonNullable<Niivue['customSliceShader']> {
    const shader = this.customSliceShader
    if (!shader) throw new Error('useSliceShader: no slice shader has been set.')
    shader.use(this.gl)
    return shader
  }

  /** NiiVue draws at once and calls gl.finish(), which blocks the page until a software renderer is done. */
  override drawScene(): void {
    if (this.frame) return
    this.frame = requestAnimationFrame(() => {
      this.frame = 0
      if (!this.initialized || this.volumes.length === 0) return
      this.beforeFrame()
      this.drawSceneCore()
      this.framesDrawn++
      this.onFrame()
    })
  }

  copyCanvas(): HTMLCanvasElement {
    this.beforeFrame()
    this.drawSceneCore()
    const source = this.gl.canvas as HTMLCanvasElement
    const copy = document.createElement('canvas')
    copy.width = source.width
    copy.height = source.height
    copy.getContext('2d')!.drawImage(source, 0, 0)
    return copy
  }

  /** Setting a canvas's size, even to what it is, waits for everything that is still being drawn. */
  override resizeListener(): void {
    const canvas = this.canvas
    if (!canvas) return
    const ratio = window.devicePixelRatio || 1
    const isSame =
      canvas.width === Math.floor(canvas.offsetWidth * ratio) &&
      canvas.height === Math.floor(canvas.offsetHeight * ratio)
    if (!isSame) super.resizeListener()
  }

  override refreshLayers(item: NVImage, layer: number): void {
    const full = this.volumes[0]
    if (!this.preview || !full) return
    // Its own mouse scheme changes the window and asks for new layers: our shader needs the two numbers only.
    if (layer === 0 && this.uiData.isDragging) {
      this.onWindow(full.cal_min!, full.cal_max!)
      return
    }
    // The base class reads and writes the output grid in `back`, which is the full image: lend it the preview's meanwhile.
    const { matRAS, dimsRAS, pixDimsRAS } = full
    borrowGrid(full, this.preview)
    super.refreshLayers(layer === 0 ? this.preview : item, layer)
    borrowGrid(full, { matRAS, dimsRAS, pixDimsRAS })
    this.volumeViewVersion++
  }

  /** Fills its tile: NiiVue's own layout keeps the slice's aspect and leaves no room to zoom into. */
  override draw2D(tile: number[], plane: SLICE_TYPE, sliceMm = NaN): void {
    this.tileAspect = tile[2] / tile[3]
    this.draw2DMain(tile.slice(), plane, sliceMm)
    this.tileAspect = 0
  }

  override screenFieldOfViewExtendedVox(plane = 0): FieldOfView {
    const view = super.screenFieldOfViewExtendedVox(plane)
    if (!this.tileAspect) return view
    const { mnMM, mxMM, fovMM } = view
    const wide = this.tileAspect > fovMM[0] / fovMM[1]
    const axis = wide ? 0 : 1
    const size = wide ? fovMM[1] * this.tileAspect : fovMM[0] / this.tileAspect
    const centre = (mnMM[axis] + mxMM[axis]) / 2
    mnMM[axis] = centre - size / 2
    mxMM[axis] = centre + size / 2
    fovMM[axis] = size
    return view
  }

  override draw3D(tile: number[] = [0, 0, 0, 0]): string | undefined {
    const { renderAzimuth, renderElevation, volScaleMultiplier } = this.scene
    const key = [...tile, renderAzimuth, renderElevation, volScaleMultiplier, this.volumeViewVersion].join(
      ' ',
    )
    if (this.cache?.key === key) {
      this.screenSlices.push(this.cache.tile)
      this.copyTile(this.cache.target, null, tile, true)
      return undefined
    }
    const text = super.draw3D(tile)
    this.keepTile(key, tile)
    return text
  }

  override cleanup(): void {
    cancelAnimationFrame(this.frame)
    this.dropCache()
    super.cleanup()
  }

  private dropCache(): void {
    if (!this.cache) return
    this.gl.deleteFramebuffer(this.cache.target)
    this.gl.deleteTexture(this.cache.texture)
    this.cache = null
  }

  private keepTile(key: string, tile: Rect): void {
    const { gl } = this
    this.dropCache()
    const [width, height] = [Math.round(tile[2]), Math.round(tile[3])]
    if (width < 1 || height < 1) return
    const texture = gl.createTexture()
    const target = gl.createFramebuffer()
    gl.activeTexture(gl.TEXTURE15)
    gl.bindTexture(gl.TEXTURE_2D, texture)
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height)
    gl.bindFramebuffer(gl.FRAMEBUFFER, target)
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0)
    gl.bindFramebuffer(gl.FRAMEBUFFER, null)
    this.copyTile(null, target, tile, false)
    this.cache = { key, target, texture, tile: this.screenSlices[this.screenSlices.length - 1] }
  }

  /** Copies the tile's pixels between the screen (null) and the kept image; the screen's origin is its lower left. */
  private copyTile(
    from: WebGLFramebuffer | null,
    to: WebGLFramebuffer | null,
    tile: Rect,
    toScreen: boolean,
  ): void {
    const { gl } = this
    const [left, top, width, height] = tile.map(Math.round)
    const bottom = gl.canvas.height - top - height
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, from)
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, to)
    const mask = gl.COLOR_BUFFER_BIT
    if (toScreen)
      gl.blitFramebuffer(0, 0, width, height, left, bottom, left + width, bottom + height, mask, gl.NEAREST)
    else
      gl.blitFramebuffer(left, bottom, left + width, bottom + height, 0, 0, width, height, mask, gl.NEAREST)
    gl.bindFramebuffer(gl.FRAMEBUFFER, null)
  }
}

function borrowGrid(
  image: NVImage,
  { matRAS, dimsRAS, pixDimsRAS }: Pick<NVImage, 'matRAS' | 'dimsRAS' | 'pixDimsRAS'>,
): void {
  Object.assign(image, { matRAS, dims: dimsRAS, dimsRAS, pixDims: pixDimsRAS, pixDimsRAS })
}
