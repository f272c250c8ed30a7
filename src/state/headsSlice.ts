// How the heads of an encoder differ: measured for one checkpoint, kept, and measured for another beside it.
import type { LabCrop } from '../insight/labCrop.ts'
import { headsCsv, tableHead } from '../insight/labTables.ts'
import type { EncoderChoice, HeadResult } from '../worker/insightProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import type { SliceOf, Workbench } from './store.ts'

export type HeadsState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly progress: StageProgress }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** Figures of one checkpoint's heads, with what it is called. */
export interface HeadPanel {
  /** Model and encoder. */
  readonly title: string
  readonly model: string
  readonly encoder: string
  readonly result: HeadResult
}

export interface HeadsSlice {
  readonly heads: HeadsState
  /** Null: the network and role that the lab looks into. */
  readonly headsEncoder: EncoderChoice | null
  /** Over the lab's region, or over crops spread over the scan. */
  readonly headsPlace: 'region' | 'scan'
  /** At most two, the older first. */
  readonly headPanels: readonly HeadPanel[]
  chooseHeadsEncoder(encoder: EncoderChoice): void
  chooseHeadsPlace(place: HeadsSlice['headsPlace']): void
  measureHeads(): Promise<void>
  cancelHeads(): void
  clearHeads(): void
  saveHeadTable(): void
}

const networkNames = { segment: 'segmentation', classify: 'classifier', pretrain: 'pretraining' } as const

/** Such as "classifier, untrained"; a network without a teacher has no student either. */
export function encoderTitle({ task, role }: EncoderChoice, hasTeacher: boolean): string {
  const who = role === 'student' && !hasTeacher ? '' : `, ${role}`
  return `${networkNames[task]}${who}`
}

/** The encoder that is meant where nothing was chosen. */
export function defaultEncoder({
  labModel,
  labNetwork,
  labRole,
}: Pick<Workbench, 'labModel' | 'labNetwork' | 'labRole'>): EncoderChoice | undefined {
  const network = labModel.kind === 'ready' ? labModel.model.networks[labNetwork] : undefined
  return network && { task: network.task, role: labRole }
}

/** The encoder's own crop at the middle of the lab's region; null without a region. */
function cropFor({ task }: EncoderChoice, { labCrop, encoders }: Workbench): LabCrop | null {
  const found = encoders?.find(one => one.task === task)
  if (!labCrop || !found) return null
  return { centreRasMm: labCrop.centreRasMm, shape: found.shape, spacingMm: found.spacingMm }
}

export const createHeadsSlice: SliceOf<HeadsSlice> = services => (set, get) => {
  let controller = new AbortController()

  return {
    heads: { kind: 'none' },
    headsEncoder: null,
    headsPlace: 'scan',
    headPanels: [],

    chooseHeadsEncoder: headsEncoder => set({ headsEncoder }),
    chooseHeadsPlace: headsPlace => set({ headsPlace }),

    async measureHeads() {
      const { openCase, labSource: source, labModel, encoders } = get()
      const encoder = get().headsEncoder ?? defaultEncoder(get())
      const scan = openCase && services.held.scan(openCase.id)
      if (!scan || !encoder || labModel.kind !== 'ready') return
      controller.abort()
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ heads: { kind: 'running', progress } })
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      try {
        const crop = get().headsPlace === 'region' ? cropFor(encoder, get()) : null
        const input = { source, encoder, volume: scan.series.volume, crop }
        const result = await services.workers.compute.run('judgeHeads', input, { signal, onProgress })
        const hasTeacher = encoders?.some(one => one.task === encoder.task && one.role === 'teacher') ?? false
        const { title, version } = labModel.model
        const [name, whose] = [`${title} ${version}`, encoderTitle(encoder, hasTeacher)]
        const panel = { title: `${name}, ${whose}`, model: name, encoder: whose, result }
        const others = get().headPanels.filter(one => one.title !== panel.title)
        set({ heads: { kind: 'none' }, headPanels: [...others.slice(-1), panel] })
      } catch (error) {
        if (signal.aborted) return
        const failure = toFailure(error, 'Measuring the heads')
        set({ heads: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    cancelHeads() {
      controller.abort()
      set({ heads: { kind: 'none' } })
    },

    clearHeads: () => set({ headPanels: [] }),

    saveHeadTable() {
      const { headPanels, openCase } = get()
      const lines = headPanels.map(({ title, result }) => describeHeads(title, result))
      const head = tableHead(openCase?.series.synthetic ?? false, lines)
      const checkpoints = headPanels.map(({ title, result }) => ({ title, figures: result.figures }))
      const text = headsCsv(head, checkpoints)
      services.saveFile('head-diversity.csv', new Blob([text], { type: 'text/csv' }))
    },
  }
}

/** A sentence for exports: whose heads, over what. */
export function describeHeads(title: string, { crops, identity, device }: HeadResult): string {
  const over = crops === 1 ? 'one crop' : `${crops} crops`
  return `${title} (model ${identity ?? 'none, untrained'}): over ${over}, on ${device}`
}
