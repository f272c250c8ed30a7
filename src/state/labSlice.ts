// The attention lab: which model is looked into, which part of the scan it sees, and what is painted over the scan. Arrays
// are held outside; sections of the lab have slices of their own.
import type { LabCrop } from '../insight/labCrop.ts'
import type { Role } from '../insight/labModel.ts'
import type { CropPainting } from '../insight/painting.ts'
import { firstPlace } from '../insight/variedPlace.ts'
import type { PointMm } from '../volume/geometry.ts'
import type { LabModelSummary, LabNetwork, ModelSource } from '../worker/labProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import type { Failure } from './failure.ts'
import { createModelOpening, shippedSource } from './labModelOpening.ts'
import type { SliceOf, Workbench } from './store.ts'
import type { Plane } from './viewSlice.ts'

export type LabModelState =
  | { readonly kind: 'none' }
  | { readonly kind: 'opening'; readonly progress: StageProgress }
  | { readonly kind: 'ready'; readonly model: LabModelSummary }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** The part of the lab that paints over the scan: one at a time. */
export type Painter = 'attention' | 'masks' | 'window' | 'clusters'

export interface LabSlice {
  readonly labSource: ModelSource
  readonly labModel: LabModelState
  /** Index into the model's networks. */
  readonly labNetwork: number
  readonly labRole: Role
  /** The region is this many times the model's own crop along each side. */
  readonly labScale: 1 | 2 | 3
  /** Null until somebody has placed it. */
  readonly labCrop: LabCrop | null
  /** Plane of the panel's pictures of the region. */
  readonly labPlane: Plane
  readonly painter: Painter
  /** Raised with each new painting; the arrays are in `held.painting()`. */
  readonly paintSerial: number
  readonly paintOpacity: number
  /** Opens the model that the installation names for the lab, where none is open. */
  enterLab(): Promise<void>
  openLabModel(source: ModelSource): Promise<void>
  /** The open model has got another name, or (null) is gone: then the lab begins again with the installation's. */
  replaceLabModel(after: ModelSource | null): void
  /** Opens a model's two files, model.json and its weights. */
  openLabFiles(files: readonly Blob[], names: readonly string[]): Promise<void>
  chooseLabNetwork(index: number): void
  setLabRole(role: Role): void
  setLabScale(scale: LabSlice['labScale']): void
  /**
   * Puts the region where the crosshair is; where the reader has not moved that from the scan's middle, which is often
   * plain heart, both go to where the scan varies most.
   */
  placeFirstLabCrop(): void
  /** Puts the region at a place, or where the crosshair is. */
  placeLabCrop(centreRasMm?: PointMm): void
  setLabPlane(plane: Plane): void
  setPainter(painter: Painter): void
  setPaintOpacity(opacity: number): void
  /** Shows a painting of the section that may paint now; anybody else's is dropped. */
  paint(painter: Painter, painting: CropPainting | undefined): void
  clearLab(): void
}

const repainters = {
  attention: 'repaintAttention',
  masks: 'repaintMask',
  window: 'paintWindow',
  clusters: 'paintClusters',
} as const satisfies Readonly<Record<Painter, keyof Workbench>>

/** The network that is looked into, when a model is open. */
export function openLabNetwork({
  labModel,
  labNetwork,
}: Pick<Workbench, 'labModel' | 'labNetwork'>): LabNetwork | undefined {
  return labModel.kind === 'ready' ? labModel.model.networks[labNetwork] : undefined
}

/** Size of the region: the network's own crop, `labScale` times along each side. */
function extentOf(state: Workbench): Omit<LabCrop, 'centreRasMm'> | undefined {
  const network = openLabNetwork(state)
  if (!network) return undefined
  const { shape, spacingMm } = network
  const times = state.labScale
  return { shape: [shape[0] * times, shape[1] * times, shape[2] * times], spacingMm }
}

export const createLabSlice: SliceOf<LabSlice> = services => (set, get) => {
  /** The region keeps its centre when the network or its size changes. */
  function moveCrop(centreRasMm: LabCrop['centreRasMm'] | undefined): void {
    const extent = extentOf(get())
    if (!extent || !centreRasMm) return
    get().cancelReconstruction()
    services.held.holdReconstruction(undefined)
    set({ labCrop: { centreRasMm, ...extent }, reconstruction: { kind: 'none' } })
    void get().computeAttention()
  }

  return {
    labSource: shippedSource(services),
    labModel: { kind: 'none' },
    labNetwork: 0,
    labRole: 'student',
    labScale: 1,
    labCrop: null,
    labPlane: 'axial',
    painter: 'attention',
    paintSerial: 0,
    paintOpacity: 0.5,

    ...createModelOpening(services, set, get, moveCrop),

    chooseLabNetwork(labNetwork) {
      set({ labNetwork, labRole: 'student' })
      moveCrop(get().labCrop?.centreRasMm)
    },
    setLabRole(labRole) {
      set({ labRole })
      void get().computeAttention()
    },
    setLabScale(labScale) {
      set({ labScale })
      moveCrop(get().labCrop?.centreRasMm)
    },
    placeFirstLabCrop() {
      const { crosshairRasMm, openCase } = get()
      const volume = openCase && services.held.scan(openCase.id)?.series.volume
      const extent = extentOf(get())
      if (!volume || !extent || !crosshairRasMm) return
      const place = firstPlace(volume, extent, crosshairRasMm)
      if (place !== crosshairRasMm) get().lookAt(place)
      moveCrop(place)
    },
    placeLabCrop: centreRasMm => moveCrop(centreRasMm ?? get().crosshairRasMm ?? undefined),
    setLabPlane: labPlane => set({ labPlane }),
    setPainter(painter) {
      set({ painter })
      get()[repainters[painter]]()
    },
    setPaintOpacity: paintOpacity => set({ paintOpacity }),

    paint(painter, painting) {
      if (painter !== get().painter) return
      services.held.holdPainting(painting)
      set({ paintSerial: get().paintSerial + 1 })
    },

    clearLab() {
      get().cancelAttention()
      get().cancelWindows()
      get().cancelHeads()
      get().clearHeads()
      get().cancelFeatures()
      get().releaseOpenTokens()
      get().cancelReconstruction()
      services.held.holdPainting(undefined)
      services.held.holdAttention(undefined)
      services.held.holdReconstruction(undefined)
      set({
        labCrop: null,
        attention: { kind: 'none' },
        reconstruction: { kind: 'none' },
        paintSerial: get().paintSerial + 1,
      })
    },
  }
}
