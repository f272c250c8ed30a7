// The attention lab: which model is looked into, which part of the scan it sees, and what is painted over the scan. Arrays
// are held outside; sections of the lab have slices of their own.
import type { Triple } from '../base/shape.ts'
import type { LabCrop } from '../insight/labCrop.ts'
import type { Role } from '../insight/labModel.ts'
import type { CropPainting } from '../insight/painting.ts'
import type { LabModelSummary, LabNetwork, ModelSource } from '../worker/labProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import { MODEL_NAME } from './predictionSlice.ts'
import type { SliceOf, Workbench } from './store.ts'

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
  readonly painter: Painter
  /** Raised with each new painting; the arrays are in `held.painting()`. */
  readonly paintSerial: number
  readonly paintOpacity: number
  openLabModel(source: ModelSource): Promise<void>
  chooseLabNetwork(index: number): void
  setLabRole(role: Role): void
  setLabScale(scale: LabSlice['labScale']): void
  /** Puts the region where the crosshair is. */
  placeLabCrop(): void
  setPainter(painter: Painter): void
  setPaintOpacity(opacity: number): void
  /** Shows a painting of the section that may paint now; anybody else's is dropped. */
  paint(painter: Painter, painting: CropPainting | undefined): void
  clearLab(): void
}

/** The network that is looked into, when a model is open. */
export function openLabNetwork({
  labModel,
  labNetwork,
}: Pick<Workbench, 'labModel' | 'labNetwork'>): LabNetwork | undefined {
  return labModel.kind === 'ready' ? labModel.model.networks[labNetwork] : undefined
}

const times = (shape: Triple, scale: number): Triple => [shape[0] * scale, shape[1] * scale, shape[2] * scale]

export const createLabSlice: SliceOf<LabSlice> = services => (set, get) => {
  let controller = new AbortController()

  /** The region keeps its centre when the network or its size changes. */
  function moveCrop(centreRasMm: LabCrop['centreRasMm'] | undefined): void {
    const network = openLabNetwork(get())
    if (!network || !centreRasMm) return
    const shape = times(network.shape, get().labScale)
    set({ labCrop: { centreRasMm, shape, spacingMm: network.spacingMm } })
  }

  return {
    labSource: { kind: 'installed', name: MODEL_NAME, baseUrl: services.baseUrl },
    labModel: { kind: 'none' },
    labNetwork: 0,
    labRole: 'student',
    labScale: 1,
    labCrop: null,
    painter: 'attention',
    paintSerial: 0,
    paintOpacity: 0.5,

    async openLabModel(source) {
      controller.abort()
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ labModel: { kind: 'opening', progress } })
      onProgress({ stage: 'Opening the model', done: 0, total: 1 })
      set({ labSource: source, labRole: 'student' })
      try {
        const model = await services.workers.compute.run('openLabModel', { source }, { signal, onProgress })
        // A network that can reconstruct shows the most.
        const first = model.networks.findIndex(one => one.canReconstruct)
        set({ labModel: { kind: 'ready', model }, labNetwork: Math.max(0, first) })
        moveCrop(get().labCrop?.centreRasMm)
      } catch (error) {
        if (signal.aborted) return
        const failure = toFailure(error, 'Opening this model')
        set({ labModel: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    chooseLabNetwork(labNetwork) {
      set({ labNetwork, labRole: 'student' })
      moveCrop(get().labCrop?.centreRasMm)
    },
    setLabRole: labRole => set({ labRole }),
    setLabScale(labScale) {
      set({ labScale })
      moveCrop(get().labCrop?.centreRasMm)
    },
    placeLabCrop: () => moveCrop(get().crosshairRasMm ?? undefined),
    setPainter: painter => set({ painter }),
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
      get().cancelFeatures()
      services.held.holdPainting(undefined)
      services.held.holdAttention(undefined)
      set({ labCrop: null, attention: { kind: 'none' }, paintSerial: get().paintSerial + 1 })
    },
  }
}
