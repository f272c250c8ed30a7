// How NiiVue is set up for reading, and the images that it is given.
import type { OpenedScan } from '../../worker/protocol.ts'
import type { PredictionArrays } from '../../worker/heldArrays.ts'
import { CtImage, previewGrid } from './ctImage.ts'
import { graphicsDone } from './graphicsDone.ts'
import { findingColour } from './palette.ts'
import { ReadingNiivue } from './readingNiivue.ts'
import { SLICE_SHADER, UNITS } from './sliceShader.ts'

/** Opaque bone over faint soft tissue, HU: what orients a reader in the 3-D view. */
const VOLUME_COLOURS = {
  min: 130,
  max: 900,
  R: [0, 150, 225, 255],
  G: [0, 120, 205, 250],
  B: [0, 100, 175, 240],
  A: [0, 12, 90, 190],
  I: [0, 20, 120, 255],
}
/** NIFTI_INTENT_LABEL: the voxels index a colour table. */
const INTENT_LABEL = 1002
const VOLUME_COLORMAP = 'workbench-volume'

/** Throws where the browser has no WebGL2. */
export async function createNiivue(canvas: HTMLCanvasElement): Promise<ReadingNiivue> {
  const nv = new ReadingNiivue({
    isRadiologicalConvention: true,
    isOrientationTextVisible: false,
    isOrientCube: true,
    show3Dcrosshair: false,
    crosshairWidth: 0,
    dragAndDropEnabled: false,
    isForceMouseClickToVoxelCenters: true,
    backColor: [0, 0, 0, 1],
    loadingText: '',
    logLevel: 'error',
    // Our own keys, in one place for all of the page.
    clipPlaneHotKey: '',
    cycleClipPlaneHotKey: '',
    viewModeHotKey: '',
  })
  await nv.attachToCanvas(canvas, false)
  // NiiVue's shaders are still being compiled over there: asking for ours now would block until they are done.
  await graphicsDone(nv.gl)
  nv.setCustomSliceShader(SLICE_SHADER)
  nv.addColormap(VOLUME_COLORMAP, VOLUME_COLOURS)
  const shader = nv.customSliceShader!
  shader.use(nv.gl)
  nv.gl.uniform1i(shader.uniforms.huVolume, UNITS.hu)
  nv.gl.uniform1i(shader.uniforms.labelVolume, UNITS.labels)
  nv.gl.uniform1i(shader.uniforms.probabilityVolume, UNITS.probability)
  nv.gl.uniform1i(shader.uniforms.palette, UNITS.palette)
  for (const name of ['cropMap', 'cropClasses', 'cropMarks'] as const)
    nv.gl.uniform1i(shader.uniforms[name], UNITS[name])
  nv.gl.uniform3f(shader.uniforms.cropSize, 1, 1, 1)
  return nv
}

/** The scan as NiiVue holds it: a view of the shared voxels, and its small copy for the 3-D view. */
export function scanImages({ series, preview }: OpenedScan): { full: CtImage; small: CtImage } {
  const { volume, hu, description } = series
  // NiiVue makes its colour tables from the images it shows, the full one; the preview is drawn with them.
  const common = { min: hu.min, max: hu.max, colormap: VOLUME_COLORMAP }
  const full = new CtImage({ ...volume, ...common, name: description, voxels: volume.hu })
  const grid = previewGrid(volume, preview.shape)
  const small = new CtImage({ ...grid, ...common, name: 'preview', voxels: preview.hu })
  small.cal_min = VOLUME_COLOURS.min
  small.cal_max = VOLUME_COLOURS.max
  return { full, small }
}

/** Findings for the 3-D view, on the preview's grid. */
export function findingsImage(scan: OpenedScan, { previewLabels }: PredictionArrays): CtImage {
  const colour = (label: number) =>
    [...findingColour(Math.max(0, label - 1)), label === 0 ? 0 : 255] as [number, number, number, number]
  return labelImage(scan, 'findings', previewLabels, colour)
}

/** Numbered voxels on the preview's grid, each number in its own colour (RGBA). */
export function labelImage(
  { series, preview }: OpenedScan,
  name: string,
  voxels: Uint8Array,
  colour: (label: number) => readonly [number, number, number, number],
): CtImage {
  const image = new CtImage({ ...previewGrid(series.volume, preview.shape), name, voxels, min: 0, max: 255 })
  image.hdr!.intent_code = INTENT_LABEL
  const labels = Array.from({ length: 256 }, (_, label) => label)
  const colours = labels.map(colour)
  image.setColormapLabel({
    R: colours.map(([red]) => red),
    G: colours.map(([, green]) => green),
    B: colours.map(([, , blue]) => blue),
    A: colours.map(([, , , alpha]) => alpha),
    I: labels,
    labels: labels.map(String),
  })
  return image
}
