// The attention lab: which model is looked into, which part of the scan it sees, and what is painted over the scan. Arrays
// are held outside; sections of the lab have slices of their own.
import { InputError } from '../base/errors.ts'
import type { Grid, Triple } from '../base/shape.ts'
import type { LabCrop } from '../insight/labCrop.ts'
import type { Role } from '../insight/labModel.ts'
import type { CropPainting } from '../insight/painting.ts'
import { variedPlace } from '../insight/variedPlace.ts'
import { voxelToRasMm, type PointMm } from '../volume/geometry.ts'
import type { LabModelSummary, LabNetwork, ModelSource } from '../worker/labProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import { isSameModel, MODEL_NAME } from './modelsSlice.ts'
import type { Services, SliceOf, Workbench } from './store.ts'
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

const times = (shape: Triple, scale: number): Triple => [shape[0] * scale, shape[1] * scale, shape[2] * scale]

type Api = Parameters<ReturnType<SliceOf<LabSlice>>>

/** Opening models: one at a time, a newer wish cancels the one under way. */
function createModelOpening(
  services: Services,
  set: Api[0],
  get: Api[1],
  moveCrop: (centreRasMm: PointMm | undefined) => void,
): Pick<LabSlice, 'enterLab' | 'openLabModel' | 'replaceLabModel' | 'openLabFiles'> {
  const { compute } = services.workers
  let controller = new AbortController()
  const fail = (error: unknown) => {
    const failure = toFailure(error, 'Opening this model')
    set({ labModel: failure ? { kind: 'failed', failure } : { kind: 'none' } })
  }

  return {
    async enterLab() {
      if (get().labModel.kind !== 'none') return
      if (get().models === null) void get().listModels()
      const { labSource: source } = get()
      set({ labModel: { kind: 'opening', progress: OPENING } })
      const name = await labModelName(services)
      // Somebody may have chosen another one meanwhile.
      if (isSameModel(get().labSource, source) && get().labModel.kind === 'opening')
        await get().openLabModel({ kind: 'installed', name, baseUrl: services.baseUrl })
    },

    async openLabModel(source) {
      controller.abort()
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ labModel: { kind: 'opening', progress } })
      onProgress(OPENING)
      set({ labSource: source, labRole: 'student' })
      try {
        const model = await compute.run('openLabModel', { source }, { signal, onProgress })
        // A network that can reconstruct shows the most.
        const first = model.networks.findIndex(one => one.canReconstruct)
        set({ labModel: { kind: 'ready', model }, labNetwork: Math.max(0, first) })
        moveCrop(get().labCrop?.centreRasMm)
      } catch (error) {
        if (!signal.aborted) fail(error)
      }
    },

    replaceLabModel(after) {
      const { labModel, mode } = get()
      if (after && labModel.kind !== 'none') return void get().openLabModel(after)
      controller.abort()
      set({ labSource: after ?? shippedSource(services), labModel: { kind: 'none' } })
      if (mode === 'explore') void get().enterLab()
    },

    async openLabFiles(files, names) {
      const pick = (ending: string) => files[names.findIndex(name => name.toLowerCase().endsWith(ending))]
      const [manifest, weights] = [pick('.json'), pick('.safetensors')]
      if (!manifest || !weights)
        return fail(
          new InputError(
            `${names.join(', ') || 'Nothing'} came, but a model's model.json and its .safetensors file are expected. Choose both together.`,
          ),
        )
      await get().openLabModel({ kind: 'files', key: `${Date.now()}`, manifest, weights })
    },
  }
}

/** Whether a place is where a scan is looked at when it opens. */
function isMiddle({ shape, affine, spacingMm }: Grid, rasMm: PointMm): boolean {
  const [d, h, w] = shape
  const middle = voxelToRasMm(affine, [d >> 1, h >> 1, w >> 1])
  return middle.every((mm, axis) => Math.abs(mm - rasMm[axis]) < Math.min(...spacingMm) / 2)
}

const OPENING: StageProgress = { stage: 'Opening the model', done: 0, total: 1 }

/** Of public/models/index.json; an installation without one has the shipped model. */
async function labModelName(services: Services): Promise<string> {
  try {
    const index = JSON.parse(await (await services.fetchFile('models/index.json')).text()) as { lab: string }
    return String(index.lab)
  } catch {
    return MODEL_NAME
  }
}

const shippedSource = ({ baseUrl }: Services): ModelSource => ({
  ...{ kind: 'installed', name: MODEL_NAME, baseUrl },
})

export const createLabSlice: SliceOf<LabSlice> = services => (set, get) => {
  /** The region keeps its centre when the network or its size changes. */
  function moveCrop(centreRasMm: LabCrop['centreRasMm'] | undefined): void {
    const network = openLabNetwork(get())
    if (!network || !centreRasMm) return
    const shape = times(network.shape, get().labScale)
    get().cancelReconstruction()
    services.held.holdReconstruction(undefined)
    set({
      labCrop: { centreRasMm, shape, spacingMm: network.spacingMm },
      reconstruction: { kind: 'none' },
    })
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
      const { crosshairRasMm, lookAt, openCase, labScale } = get()
      const network = openLabNetwork(get())
      const volume = openCase && services.held.scan(openCase.id)?.series.volume
      const isUntouched = volume && crosshairRasMm && isMiddle(volume, crosshairRasMm)
      const extent = network && { ...network, shape: times(network.shape, labScale) }
      const place = isUntouched && extent ? variedPlace(volume, extent) : undefined
      if (place) lookAt(place)
      moveCrop(place ?? crosshairRasMm ?? undefined)
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
