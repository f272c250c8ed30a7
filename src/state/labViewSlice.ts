// Keeping a view of the lab as a file or link, and restoring it: model, eyes, region, slices, head, noise, masks. A link made
// on a demo case opens that case; one made on another scan waits until that scan is opened.
import type { MaskKind } from '../insight/masks.ts'
import type { Role } from '../insight/labModel.ts'
import type { LabView } from '../insight/labView.ts'
import { readViewFile, readViewHash, viewFile, viewHash } from '../insight/labView.ts'
import type { ColourBy } from './attentionSlice.ts'
import { DEMO_CASES } from './demoCases.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import type { ModelSource } from '../worker/labProtocol.ts'
import { isSameModel, modelOfIdentity } from './modelsSlice.ts'
import { openLabNetwork, type LabSlice, type Painter } from './labSlice.ts'
import type { SliceOf, Workbench } from './store.ts'
import type { Layout, Plane } from './viewSlice.ts'

export interface LabViewSlice {
  /** A view that waits for its scan. */
  readonly pendingView: LabView | null
  /** What differs from when the view was kept, in sentences. */
  readonly viewRemarks: readonly string[]
  readonly viewFailure: Failure | null
  /** Undefined while there is nothing to keep. */
  currentView(): LabView | undefined
  saveView(): void
  /** The hash of a link to this view. */
  linkHash(): string | undefined
  openViewFile(file: Blob): Promise<void>
  /** Takes a page's hash; one that is no view is left alone. */
  openViewHash(hash: string): Promise<void>
  restoreView(view: LabView): Promise<void>
}

const round = (value: number) => Number(value.toFixed(3))
const roundAll = ([x, y, z]: readonly [number, number, number]) => [round(x), round(y), round(z)] as const

function viewOf(state: Workbench): LabView | undefined {
  const { labModel, labCrop, openCase, crosshairRasMm, masks, dropout } = state
  const network = openLabNetwork(state)
  if (labModel.kind !== 'ready' || !network || !labCrop || !openCase || !crosshairRasMm) return undefined
  return {
    model: labModel.model.name,
    identity: labModel.model.identity,
    network: network.task,
    role: state.labRole,
    scale: state.labScale,
    centre: roundAll(labCrop.centreRasMm),
    crosshair: roundAll(crosshairRasMm),
    head: state.head,
    colours: state.colourBy,
    noise: dropout?.ratio ?? 0,
    noiseSeed: dropout?.seed ?? 1,
    r: masks.ratio,
    s: masks.hint,
    seed: masks.seed,
    mask: state.maskKind,
    shows: state.painter,
    plane: state.labPlane,
    layout: state.layout,
    window: [state.window.widthHu, state.window.levelHu],
    opacity: state.paintOpacity,
    demo: openCase.demoId ?? '',
    scan: openCase.series.shape,
  }
}

/** The fields of the state that a view sets at once; what is computed follows. */
function stateOf(view: LabView): Partial<Workbench> {
  return {
    mode: 'explore',
    labFollows: false,
    labRole: view.role as Role,
    labScale: view.scale as LabSlice['labScale'],
    head: view.head,
    colourBy: view.colours as ColourBy,
    dropout: view.noise > 0 ? { ratio: view.noise, seed: view.noiseSeed } : null,
    masks: { ratio: view.r, hint: view.s, seed: view.seed },
    maskKind: view.mask as MaskKind,
    painter: view.shows as Painter,
    labPlane: view.plane as Plane,
    layout: view.layout as Layout,
    window: { name: 'Own', widthHu: view.window[0], levelHu: view.window[1] },
    paintOpacity: view.opacity,
  }
}

function remarksOn(view: LabView, state: Workbench): string[] {
  const { labModel, openCase } = state
  const remarks: string[] = []
  if (labModel.kind === 'ready' && labModel.model.identity !== view.identity)
    remarks.push(
      `This view was kept with the model ${view.model} of SHA-256 ${view.identity.slice(0, 12)}; the one here is ${labModel.model.identity.slice(0, 12)}, so that numbers may differ.`,
    )
  if (openCase && String(openCase.series.shape) !== String(view.scan))
    remarks.push(
      `This view was kept on a scan of ${view.scan.join(' × ')} voxels; the open one has ${openCase.series.shape.join(' × ')}. Open the scan that it was made on.`,
    )
  return remarks
}

export const createLabViewSlice: SliceOf<LabViewSlice> = services => (set, get) => {
  /** The model of the view's identity, installed or the user's own, else the installed one of its name; undefined when it is open. */
  async function sourceOf(view: LabView): Promise<ModelSource | undefined> {
    const { labModel, labSource } = get()
    const open = labModel.kind === 'ready' ? labModel.model : undefined
    if (open?.identity === view.identity) return undefined
    if (get().models === null) await get().listModels()
    const known = modelOfIdentity(get().models, view.identity)
    if (known) return isSameModel(known.source, labSource) && open ? undefined : known.source
    const isOpen = open?.name === view.model && labSource.kind === 'installed'
    return isOpen ? undefined : { kind: 'installed', name: view.model, baseUrl: services.baseUrl }
  }

  /** The model and the network that the view was made with, as far as they are here. */
  async function openModelOf(view: LabView): Promise<void> {
    const source = await sourceOf(view)
    if (source) await get().openLabModel(source)
    const opened = get().labModel
    if (opened.kind !== 'ready') return
    const index = opened.model.networks.findIndex(({ task }) => task === view.network)
    set({ labNetwork: Math.max(0, index) })
  }

  async function apply(view: LabView): Promise<void> {
    set({ ...stateOf(view), pendingView: null })
    await openModelOf(view)
    set({ ...stateOf(view), viewRemarks: remarksOn(view, get()) })
    get().placeLabCrop(view.centre)
    get().lookAt(view.crosshair)
  }

  const attempt = async (work: () => Promise<void>) => {
    set({ viewFailure: null, viewRemarks: [] })
    await work().catch((error: unknown) =>
      set({ viewFailure: toFailure(error, 'Restoring this view') ?? null }),
    )
  }

  return {
    pendingView: null,
    viewRemarks: [],
    viewFailure: null,

    currentView: () => viewOf(get()),
    saveView() {
      const view = viewOf(get())
      if (view) services.saveFile('lab-view.json', new Blob([viewFile(view)], { type: 'application/json' }))
    },
    linkHash() {
      const view = viewOf(get())
      return view && viewHash(view)
    },

    openViewFile: file => attempt(async () => get().restoreView(readViewFile(await file.text()))),
    openViewHash: hash =>
      attempt(async () => {
        const view = readViewHash(hash)
        if (view) await get().restoreView(view)
      }),

    async restoreView(view) {
      const { openCase, openDemo } = get()
      const demo = DEMO_CASES.find(({ id }) => id === view.demo)
      if (demo && openCase?.demoId !== demo.id) {
        set({ pendingView: view })
        // Opening the case restores what waits for it.
        return openDemo(demo)
      }
      if (!openCase) return set({ pendingView: view })
      await apply(view)
    },
  }
}
