// How the reader looks: window, layout, overlay, mouse scheme. Nothing here moves the image by itself.
import type { PointMm } from '../volume/geometry.ts'
import type { OpenedSeries, WindowSetting } from '../volume/volume.ts'
import type { SliceOf } from './store.ts'
import { LUNG, WINDOW_PRESETS, clampWindow, fileWindow } from './windowPresets.ts'

export type Plane = 'axial' | 'coronal' | 'sagittal'
export type Layout = 'axial-large' | 'quad' | 'volume' | Plane
export type MouseScheme = 'radiology' | 'niivue'

/** What the page is for at the moment: all modes share the open case and the viewer. */
export type Mode = 'read' | 'explore' | 'train'
export const MODES: readonly { readonly id: Mode; readonly name: string }[] = [
  { id: 'read', name: 'Read' },
  { id: 'explore', name: 'Explore' },
  { id: 'train', name: 'Train' },
]

export interface OverlaySettings {
  readonly visible: boolean
  readonly show: 'labels' | 'probability'
  readonly style: 'outline' | 'filled'
  /** 0…1 */
  readonly opacity: number
  /** Probability below this is not drawn, 0…1. */
  readonly threshold: number
}

/** A wish to look somewhere; `serial` tells two equal wishes apart. */
export interface LookRequest {
  readonly centreRasMm: readonly [number, number, number]
  readonly serial: number
}

export interface ViewSlice {
  readonly window: WindowSetting
  readonly fileWindow: WindowSetting
  readonly layout: Layout
  readonly mouseScheme: MouseScheme
  readonly overlay: OverlaySettings
  readonly look: LookRequest | null
  /** The panel on the left is open. */
  readonly isCasePanelOpen: boolean
  readonly mode: Mode
  /** Where the crosshair is; null until the first frame of a case. */
  readonly crosshairRasMm: PointMm | null
  setWindow(window: WindowSetting): void
  /** Keys 1…5: the four presets, then the file's own. */
  pickPreset(key: number): void
  setLayout(layout: Layout): void
  cycleLayout(): void
  setMouseScheme(scheme: MouseScheme): void
  changeOverlay(change: Partial<OverlaySettings>): void
  lookAt(centreRasMm: readonly [number, number, number]): void
  toggleCasePanel(): void
  setMode(mode: Mode): void
  crosshairMoved(rasMm: PointMm): void
  /** A scan was opened: it gets its first window. */
  caseOpened(series: OpenedSeries): void
}

const CYCLE: readonly Layout[] = ['axial-large', 'quad', 'axial']
const FULL_RANGE: WindowSetting = { name: 'Full range', widthHu: 4096, levelHu: 1024 }

export const createViewSlice: SliceOf<ViewSlice> = () => (set, get) => ({
  window: LUNG,
  fileWindow: FULL_RANGE,
  layout: 'axial-large',
  mouseScheme: 'radiology',
  overlay: { visible: true, show: 'labels', style: 'outline', opacity: 0.6, threshold: 0.3 },
  look: null,
  isCasePanelOpen: true,
  mode: 'read',
  crosshairRasMm: null,

  setWindow: window => set({ window: clampWindow(window) }),
  pickPreset(key) {
    const preset = key === 5 ? get().fileWindow : WINDOW_PRESETS[key - 1]
    if (preset) set({ window: clampWindow(preset) })
  },
  setLayout: layout => set({ layout }),
  cycleLayout: () => set({ layout: CYCLE[(CYCLE.indexOf(get().layout) + 1) % CYCLE.length] }),
  setMouseScheme: mouseScheme => set({ mouseScheme }),
  changeOverlay: change => set({ overlay: { ...get().overlay, ...change } }),
  lookAt: centreRasMm => set({ look: { centreRasMm, serial: (get().look?.serial ?? 0) + 1 } }),
  toggleCasePanel: () => set({ isCasePanelOpen: !get().isCasePanelOpen }),
  setMode: mode => set({ mode }),
  crosshairMoved(crosshairRasMm) {
    set({ crosshairRasMm })
    get().followCrosshair()
  },

  caseOpened(series) {
    const own = fileWindow(series.windows, series.hu)
    // Air of the lungs and soft tissue both present: a chest, or enough of one to be read in the lung window.
    const hasLung = series.hu.min <= -500 && series.hu.max >= 0
    get().clearReview()
    get().clearLab()
    set({
      fileWindow: own,
      window: hasLung ? LUNG : clampWindow(own),
      look: null,
      crosshairRasMm: null,
      prediction: { kind: 'none' },
    })
  },
})
