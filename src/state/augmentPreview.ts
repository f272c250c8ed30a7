// A preview of augmentation on one case of the open data: the newest wish is answered.
import { openLabelledData } from './labelledSlice.ts'
import type { Services, Workbench } from './store.ts'

type Set = (part: Partial<Workbench>) => void

/** Pictures of a preview beside the case as it is: as so many epochs would see it. */
const PREVIEWS = 3

export function createPreview({ workers, held }: Services, set: Set, get: () => Workbench) {
  let index = 0
  let asked = 0
  return {
    async preview(): Promise<void> {
      const data = openLabelledData(get())
      const { finetuneSettings: settings } = get()
      if (!data || !settings) return
      const question = ++asked
      const { augment: options, boxShape, entry, seed } = settings
      const input = {
        cohortId: data.cohortId,
        index: index % data.cases.length,
        boxShape,
        ...{ shape: entry.shape, spacingMm: entry.spacingMm, options },
        seeds: Array.from({ length: PREVIEWS }, (_, i) => seed + 1 + i),
      }
      // A case that cannot be opened has no preview; the data panel says what is wrong with it.
      const crops = await workers.volume.run('previewAugmented', input).catch(() => [])
      if (question !== asked) return
      held.training.augmented = crops
      set({ augmentSerial: get().augmentSerial + 1 })
    },
    next: () => void index++,
  }
}
