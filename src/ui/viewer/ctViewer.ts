// The viewer's own interface: everything the page may ask of it. NiiVue stays behind it.
import { SLICE_TYPE } from '@niivue/niivue'
import type { Layout, OverlaySettings, Plane } from '../../state/viewSlice.ts'
import { InputError } from '../../base/errors.ts'
import type { Triple } from '../../base/shape.ts'
import { rasMmToVoxel, voxelToRasMm } from '../../volume/geometry.ts'
import type { WindowSetting } from '../../volume/volume.ts'
import type { PredictionArrays } from '../../worker/heldArrays.ts'
import type { OpenedScan } from '../../worker/protocol.ts'
import * as camera from './camera.ts'
import { NORMAL, PLANES, makeTile } from './frame.ts'
import type { Frame, Rect, SliceTile, Whd } from './frame.ts'
import { graphicsDone } from './graphicsDone.ts'
import { LAYOUTS } from './layouts.ts'
import { CropPainter } from './cropPainter.ts'
import { createNiivue, findingsImage, scanImages } from './nvSetup.ts'
import type { ReadingNiivue } from './readingNiivue.ts'
import { OVERLAY_KIND, UNITS } from './sliceShader.ts'
import { VoxelTextures } from './voxelTextures.ts'

export class CtViewer {
  /** Told when NiiVue's own mouse scheme has changed the window. */
  onWindow: (widthHu: number, levelHu: number) => void = () => undefined
  private readonly nv: ReadingNiivue
  private readonly textures: VoxelTextures
  /** Paints what the attention lab shows over its region. */
  readonly painter: CropPainter
  private readonly listeners = new Set<() => void>()
  private scan: OpenedScan | null = null
  private prediction: PredictionArrays | null = null
  private overlay: OverlaySettings | null = null
  private selectedLabel = 0
  private voxel: Whd = [0, 0, 0]
  private current: Frame | null = null

  private constructor(nv: ReadingNiivue) {
    this.nv = nv
    this.textures = new VoxelTextures(nv.gl)
    this.painter = new CropPainter(nv, this.textures, () => this.refreshVolumeOverlay())
    nv.beforeFrame = () => this.textures.bind()
    nv.onFrame = () => this.publishFrame()
    nv.onLocationChange = () => this.followNiivue()
    nv.onWindow = (low, high) => this.onWindow(high - low, (low + high) / 2)
  }

  /** Throws where the browser has no WebGL2. */
  static async attach(canvas: HTMLCanvasElement): Promise<CtViewer> {
    return new CtViewer(await createNiivue(canvas))
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  frame = (): Frame | null => this.current

  /** Voxels along (w, h, d). */
  get dims(): Whd {
    const [d, h, w] = this.scan?.series.volume.shape ?? [1, 1, 1]
    return [w, h, d]
  }

  /** Distance of neighbouring voxels along an axis of (w, h, d), mm. */
  stepMm(axis: 0 | 1 | 2): number {
    return this.scan?.series.volume.spacingMm[2 - axis] ?? 1
  }

  showScan(scan: OpenedScan): void {
    const { volume } = scan.series
    const largest = this.textures.largestSize
    if (volume.shape.some(size => size > largest))
      throw new InputError(
        `This scan has ${Math.max(...volume.shape)} voxels along an axis; this computer’s graphics show at most ${largest}. Crop or downsample it.`,
      )
    this.scan = scan
    this.prediction = null
    this.painter.setScan(scan)
    this.textures.clear(UNITS.labels)
    this.textures.clear(UNITS.probability)
    const { full, small } = scanImages(scan)
    this.nv.show(full, small)
    this.voxel = [volume.shape[2] >> 1, volume.shape[1] >> 1, volume.shape[0] >> 1]
    this.resetView()
    this.applyOverlay()
    void this.textures.upload(UNITS.hu, volume.hu, volume.shape, this.voxel[2], ({ from, to }) => {
      this.nv.gl.uniform2f(this.nv.useSliceShader().uniforms.loadedSlices, from, to)
      this.nv.drawScene()
    })
  }

  showPrediction(arrays: PredictionArrays | null): void {
    if (!this.scan || arrays === this.prediction) return
    this.prediction = arrays
    if (arrays) return void this.uploadPrediction(arrays, this.scan.series.volume.shape)
    this.textures.clear(UNITS.labels)
    this.textures.clear(UNITS.probability)
    this.refreshVolumeOverlay()
    this.applyOverlay()
  }

  setWindow({ widthHu, levelHu }: WindowSetting): void {
    this.nv.setWindowHu(levelHu - widthHu / 2, levelHu + widthHu / 2)
  }

  setOverlay(overlay: OverlaySettings, selectedLabel: number): void {
    const isToggled = this.overlay?.visible !== overlay.visible
    this.overlay = overlay
    this.selectedLabel = selectedLabel
    if (isToggled) this.refreshVolumeOverlay()
    this.applyOverlay()
  }

  /** Labels (finding index + 1) that the reader has rejected are not drawn on slices. */
  hideLabels(labels: ReadonlySet<number>): void {
    this.textures.setPalette(labels)
    this.nv.drawScene()
  }

  setLayout(layout: Layout): void {
    this.nv.setCustomLayout(LAYOUTS[layout])
  }

  /** Moves every view to a world position, and back into sight where it had been zoomed or panned away. */
  lookAt(rasMm: Whd): void {
    this.moveTo(this.voxelOf(rasMm))
    if (camera.zoomOf(this.nv) !== 1) camera.centreOnCrosshair(this.nv)
  }

  moveTo(voxel: Whd): void {
    const { dims } = this
    const clamp = (axis: 0 | 1 | 2) => Math.max(0, Math.min(dims[axis] - 1, Math.round(voxel[axis])))
    this.voxel = [clamp(0), clamp(1), clamp(2)]
    this.voxel.forEach((index, axis) => (this.nv.scene.crosshairPos[axis] = (index + 0.5) / dims[axis]))
    this.nv.drawScene()
  }

  step(plane: Plane, slices: number): void {
    const next: [number, number, number] = [...this.voxel]
    next[NORMAL[plane]] += slices
    this.moveTo(next)
  }

  toSlice(plane: Plane, index: number): void {
    this.step(plane, index - this.voxel[NORMAL[plane]])
  }

  huAt(voxel: Whd): number {
    const { dims, scan } = this
    return scan ? scan.series.volume.hu[(voxel[2] * dims[1] + voxel[1]) * dims[0] + voxel[0]] : 0
  }

  rasMmOf(voxel: Whd): Whd {
    if (!this.scan) return [0, 0, 0]
    const [x, y, z] = voxelToRasMm(this.scan.series.volume.affine, [voxel[2], voxel[1], voxel[0]])
    return [x, y, z]
  }

  /** The (fractional) voxel at a world position. */
  voxelOf(rasMm: Whd): Whd {
    if (!this.scan) return [0, 0, 0]
    const [d, h, w] = rasMmToVoxel(this.scan.series.volume.affine, rasMm)
    return [w, h, d]
  }

  zoomBy = (factor: number): void => camera.zoomBy(this.nv, factor)

  zoomVolumeBy = (factor: number): void => camera.zoomVolumeBy(this.nv, factor)

  rotateBy = (azimuth: number, elevation: number): void => camera.rotateBy(this.nv, azimuth, elevation)

  panBy = (tile: SliceTile, dx: number, dy: number): void => camera.panBy(this.nv, tile, dx, dy)

  resetView(): void {
    camera.resetCamera(this.nv)
    this.moveTo(this.voxel)
  }

  /** What the canvas shows, drawn again for this: WebGL forgets a frame once it is on screen. */
  copyCanvas = (): HTMLCanvasElement => this.nv.copyCanvas()

  dispose(): void {
    this.listeners.clear()
    this.painter.dispose()
    this.textures.dispose()
    this.nv.cleanup()
    this.nv.gl.getExtension('WEBGL_lose_context')?.loseContext()
  }

  /** One after the other, each when the graphics process has taken in the one before. */
  private async uploadPrediction(arrays: PredictionArrays, shape: Triple): Promise<void> {
    for (const name of ['labels', 'probability'] as const) {
      await this.textures.upload(UNITS[name], arrays[name], shape, this.voxel[2], () => this.nv.drawScene())
      await graphicsDone(this.nv.gl)
      if (this.prediction !== arrays) return
      this.applyOverlay()
    }
    this.refreshVolumeOverlay()
  }

  private applyOverlay(): void {
    const { overlay, nv } = this
    if (!overlay) return
    const style = overlay.style === 'filled' ? OVERLAY_KIND.filled : OVERLAY_KIND.outline
    const kind = overlay.show === 'probability' ? OVERLAY_KIND.probability : style
    const isShown = overlay.visible && this.prediction !== null
    const { gl } = nv
    const { uniforms } = nv.useSliceShader()
    gl.uniform1i(uniforms.overlayKind, isShown ? kind : OVERLAY_KIND.none)
    gl.uniform1f(uniforms.overlayStrength, overlay.opacity)
    gl.uniform1f(uniforms.threshold, overlay.threshold)
    gl.uniform1i(uniforms.selected, this.selectedLabel)
    nv.drawScene()
  }

  private refreshVolumeOverlay(): void {
    const { scan, prediction, overlay } = this
    if (!scan) return
    const isShown = prediction !== null && overlay?.visible !== false
    const painted = this.painter.volumeImage()
    this.nv.showFindings(painted ?? (isShown ? findingsImage(scan, prediction) : null))
  }

  /** In NiiVue's own mouse scheme the crosshair is moved by NiiVue: take it over. */
  private followNiivue(): void {
    const { dims, nv } = this
    const index = (axis: 0 | 1 | 2) =>
      Math.min(dims[axis] - 1, Math.max(0, Math.floor(nv.scene.crosshairPos[axis] * dims[axis])))
    this.voxel = [index(0), index(1), index(2)]
  }

  private publishFrame(): void {
    const { nv, dims, voxel } = this
    const canvas = nv.gl.canvas as HTMLCanvasElement
    const ratio = canvas.width / Math.max(1, canvas.clientWidth)
    const tiles: SliceTile[] = []
    let volumeTile: Rect | null = null
    nv.screenSlices.forEach((slice, index) => {
      const [left, top, width, height] = slice.leftTopWidthHeight.map(value => value / ratio)
      const rect = { left: Math.min(left, left + width), top, width: Math.abs(width), height }
      if (slice.axCorSag === SLICE_TYPE.RENDER) volumeTile = rect
      else {
        const fractionAt = (x: number, y: number) =>
          nv.screenXY2TextureFrac(x * ratio, y * ratio, index, false)
        tiles.push(makeTile(PLANES[slice.axCorSag], rect, voxel, dims, fractionAt))
      }
    })
    const zoom = camera.zoomOf(nv)
    this.current = { tiles, volumeTile, voxel, rasMm: this.rasMmOf(voxel), hu: this.huAt(voxel), zoom }
    this.listeners.forEach(listener => listener())
  }
}
