// The lab's pictures as PNG files: the views as they are, the masks, the four pictures of a reconstruction.
import type { RefObject } from 'react'
import { RESEARCH_USE } from '../../insight/exportTables.ts'
import { makeMask, maskKinds } from '../../insight/masks.ts'
import { mapOf, rangeOf } from '../../state/attentionSlice.ts'
import { describeLab } from '../../state/labExportSlice.ts'
import { useWorkbench, useWorkbenchStore } from '../useWorkbench.ts'
import type { CtViewer } from '../viewer/ctViewer.ts'
import { snapshotViews } from '../viewer/snapshot.ts'
import { magma } from '../viewer/palette.ts'
import { composePng, type PngPage } from './composePng.ts'
import { drawCrop, type CropPicture } from './drawCrop.ts'
import { MASK_NAMES } from './maskNames.ts'
import { reconstructionPictures } from './reconstructionPictures.ts'
import { useHeld } from './useHeld.ts'
import { useAttention, useCropIndex, useCropWindow } from './useLab.ts'

const SIDE = 480
const MAGMA = Array.from({ length: 9 }, (_, at) => `rgb(${magma(at / 8).join(' ')})`)

export function useLabPictures(viewer: RefObject<CtViewer | null>) {
  const store = useWorkbenchStore()
  const held = useHeld()
  const attention = useAttention()
  const plane = useWorkbench(state => state.labPlane)
  const index = useCropIndex(attention?.crop)
  const { low, high } = useCropWindow()

  async function save(name: string, page: Omit<PngPage, 'lines'>): Promise<void> {
    if (!attention) return
    const lines = [RESEARCH_USE, ...describeLab(store.getState(), attention)]
    store.getState().savePicture(name, await composePng({ ...page, lines }))
  }

  function draw(picture: CropPicture): HTMLCanvasElement {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = SIDE
    drawCrop(canvas, picture, plane, index)
    return canvas
  }

  return {
    async saveViews() {
      if (!viewer.current || !attention) return
      const { head, painter, colourBy, labCrop } = store.getState()
      const [, top] = rangeOf(mapOf(attention, head))
      const which = head === 0 ? 'mean over heads' : `head ${head}`
      const ends =
        colourBy === 'rank'
          ? (['least', 'attention by rank', 'most'] as const)
          : (['0', 'attention from CLS', `≥ ${top.toPrecision(3)}`] as const)
      await save('lab-views.png', {
        title: painter === 'attention' ? `Semantic attention, ${which}` : 'Attention lab',
        panels: [{ name: '', canvas: snapshotViews(viewer.current, labCrop) }],
        columns: 1,
        ...(painter === 'attention' && { bar: { colours: MAGMA, ends } }),
      })
    },

    async saveMasks() {
      if (!attention) return
      const { masks } = store.getState()
      const panels = maskKinds.map(kind => {
        const { codes, masked } = makeMask(kind, attention.satt, attention.grid, masks)
        const marks = { shape: attention.grid, codes }
        const picture = { values: attention.image, shape: attention.crop.shape, low, high, marks }
        const { name, from } = MASK_NAMES[kind]
        return { name: `${name} (${from}), ${masked} hidden`, canvas: draw(picture) }
      })
      await save('lab-masks.png', { title: `Masks, ${plane} slice of the region`, panels, columns: 3 })
    },

    async saveReconstruction() {
      const result = held.reconstruction()
      if (!result || !attention) return
      const panels = reconstructionPictures(result, attention.grid, low, high).map(({ name, picture }) => ({
        name,
        canvas: draw(picture),
      }))
      const title = `Reconstruction behind the ${MASK_NAMES[result.maskKind].name.toLowerCase()} mask, masked L1 ${result.maskedL1.toFixed(4)}`
      await save('lab-reconstruction.png', { title, panels, columns: 2 })
    },
  }
}
