// The guided tour of masked image modelling: which step it is at. What a step shows it asks of the other slices (tourSteps.ts).
import { DEMO_CASES } from './demoCases.ts'
import type { SliceOf } from './store.ts'
import { TOUR_STEPS } from './tourSteps.ts'

export interface TourSlice {
  /** Null while nobody is being guided. */
  readonly tourStep: number | null
  /** Opens the demo case where another one is open, and the lab. */
  startTour(): Promise<void>
  /** Forwards or backwards; past the last step the tour ends. */
  goTour(step: 1 | -1): void
  endTour(): void
}

export const createTourSlice: SliceOf<TourSlice> = () => (set, get) => ({
  tourStep: null,

  async startTour() {
    const [demo] = DEMO_CASES
    if (get().openCase?.demoPath !== demo.path) await get().openDemo(demo)
    // Opening may have failed or been cancelled: that has its own notice.
    if (get().openCase?.demoPath !== demo.path) return
    get().setMode('explore')
    set({ tourStep: 0 })
  },

  goTour(step) {
    const { tourStep } = get()
    if (tourStep === null) return
    const next = tourStep + step
    if (next >= TOUR_STEPS.length) get().endTour()
    else set({ tourStep: Math.max(0, next) })
  },

  endTour: () => set({ tourStep: null }),
})
