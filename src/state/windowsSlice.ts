// Window attention of the lab's region: computed in the worker, followed by the crosshair. Which stage, block and head are
// looked at is a matter of painting while their attention is at hand.
import type { Grid } from '../base/shape.ts'
import type { BlockAttention, BlockPlace } from '../insight/blockAttention.ts'
import { gridInCrop } from '../insight/labCrop.ts'
import { queryCsv, tableHead } from '../insight/labTables.ts'
import type { CropPainting } from '../insight/painting.ts'
import { attendFrom, paintQuery, queryBytes, type QueryAttention } from '../insight/queryAttention.ts'
import { tokenOf, tokenSide, tokensOver } from '../insight/tokenGrid.ts'
import type { WindowResult } from '../worker/insightProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import { openLabNetwork } from './labSlice.ts'
import type { Services, SliceOf, Workbench } from './store.ts'

export type WindowsState = Job<{
  /** Tells two results apart; the attention is in `held.insight.windows`. */
  readonly serial: number
  readonly device: string
  readonly notices: readonly string[]
}>

export interface WindowChoice extends BlockPlace {
  readonly head: number | 'mean'
}

export interface WindowsSlice {
  readonly windows: WindowsState
  readonly windowChoice: WindowChoice
  computeWindows(): Promise<void>
  cancelWindows(): void
  chooseWindow(change: Partial<WindowChoice>): void
  /** The crosshair or the choice has moved: paints what its query attends to. */
  paintWindow(): void
  saveWindowMap(): Promise<void>
  saveWindowTable(): void
}

/** What the query under the crosshair attends to. */
export interface CrosshairQuery {
  readonly block: BlockAttention
  readonly query: QueryAttention
  /** The stage's tokens over the region. */
  readonly tokens: Grid
}

type Looking = Pick<Workbench, 'crosshairRasMm' | 'windowChoice'>

/** Undefined where the block is not at hand or the crosshair is outside of the region. */
export function queryAtCrosshair(
  result: WindowResult | undefined,
  scan: Grid | undefined,
  { crosshairRasMm, windowChoice }: Looking,
): CrosshairQuery | undefined {
  const block = result?.blocks.find(
    one => one.stage === windowChoice.stage && one.block === windowChoice.block,
  )
  if (!result || !block || !scan || !crosshairRasMm) return undefined
  const { crop } = result
  const tokens = tokensOver(gridInCrop(scan, crop, crop.shape), tokenSide(block.stage))
  const token = tokenOf(tokens, crosshairRasMm)
  const head = windowChoice.head === 'mean' ? 'mean' : Math.min(windowChoice.head, block.heads - 1)
  return token ? { block, query: attendFrom(block, token, head), tokens } : undefined
}

function scanOf({ held }: Services, { openCase }: Workbench) {
  return openCase ? held.scan(openCase.id) : undefined
}

function currentQuery(services: Services, state: Workbench) {
  const scan = scanOf(services, state)
  return { scan, found: queryAtCrosshair(services.held.insight.windows, scan?.series.volume, state) }
}

/** What stands above a table and in a file of the query's attention. */
function describeQuery(
  { encoder, crop, device, identity }: WindowResult,
  { block, query, tokens }: CrosshairQuery,
  head: number | 'mean',
): string[] {
  const side = tokens.spacingMm.map(mm => mm.toFixed(1)).join(' × ')
  return [
    `Window attention of one query: ${encoder.task} network (${encoder.role}), model ${identity ?? 'none (untrained)'}`,
    `Stage ${block.stage + 1}, block ${block.block + 1}, ${head === 'mean' ? 'mean over heads' : `head ${head + 1}`}; tokens of ${side} mm (D × H × W)`,
    `Query: token ${query.query.join(' ')} (d h w) of a region of ${crop.shape.join(' × ')} voxels around RAS ${crop.centreRasMm.map(mm => mm.toFixed(1)).join(' ')} mm`,
    `Padding gets ${query.padding.weight.toFixed(4)} of the attention (${query.padding.keys} keys); ${query.masked} keys are shift-masked`,
    `Computed on ${device}`,
  ]
}

export const createWindowsSlice: SliceOf<WindowsSlice> = services => (set, get) => {
  const { held, workers } = services
  let controller = new AbortController()
  let serial = 0
  let painted: { readonly key: string; readonly painting: CropPainting | undefined } | undefined

  return {
    windows: { kind: 'none' },
    windowChoice: { stage: 0, block: 0, head: 'mean' },

    async computeWindows() {
      const { labCrop: crop, labSource: source, labRole: role, windowChoice } = get()
      const network = openLabNetwork(get())
      const scan = scanOf(services, get())
      if (!scan || !crop || !network) return
      controller.abort()
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ windows: { kind: 'running', progress } })
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      get().setPainter('window')
      try {
        const encoder = { task: network.task, role }
        const input = { source, volume: scan.series.volume, crop, encoder, wanted: windowChoice }
        const result = await workers.compute.run('attendWindows', input, { signal, onProgress })
        held.insight.windows = result
        const { device, notices } = result
        set({ windows: { kind: 'done', serial: ++serial, device, notices } })
        get().paintWindow()
      } catch (error) {
        if (signal.aborted) return
        const failure = toFailure(error, 'Computing the attention of the windows')
        set({ windows: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    cancelWindows() {
      controller.abort()
      held.insight.windows = undefined
      set({ windows: { kind: 'none' } })
    },

    chooseWindow(change) {
      const windowChoice = { ...get().windowChoice, ...change }
      set({ windowChoice })
      const isHeld = held.insight.windows?.blocks.some(
        one => one.stage === windowChoice.stage && one.block === windowChoice.block,
      )
      if (held.insight.windows && !isHeld) return void get().computeWindows()
      get().setPainter('window')
    },

    paintWindow() {
      const { found } = currentQuery(services, get())
      if (!held.insight.windows) return
      // The crosshair moves with every slice; the picture changes only with the token.
      const key = JSON.stringify([serial, get().windowChoice, found?.query.query])
      if (painted?.key === key && painted.painting === held.painting()) return
      const painting = found && paintQuery(found.query, found.tokens, tokenSide(found.block.stage))
      painted = { key, painting }
      get().paint('window', painting)
    },
    ...createFiles(services, get),
  }
}

type Files = Pick<WindowsSlice, 'saveWindowMap' | 'saveWindowTable'>

/** What is given away of the query under the crosshair. */
function createFiles(services: Services, get: () => Workbench): Files {
  const { held, workers } = services
  return {
    async saveWindowMap() {
      const { scan, found } = currentQuery(services, get())
      if (!scan || !found) return
      const { volume, fileGrid, synthetic } = scan.series
      const description = `window attention; research use, not for clinical use${synthetic ? ', synthetic' : ''}`
      const bytes = await workers.compute.run('writeTokenMap', {
        ...{ values: queryBytes(found.query), tokens: found.tokens, fileGrid, description },
        ...{ scan: gridOf(volume), slope: found.query.largest / 255 },
      })
      services.saveFile('window-attention.nii.gz', new Blob([bytes], { type: 'application/gzip' }))
    },

    saveWindowTable() {
      const { scan, found } = currentQuery(services, get())
      const result = held.insight.windows
      if (!scan || !found || !result) return
      const lines = describeQuery(result, found, get().windowChoice.head)
      const text = queryCsv(tableHead(scan.series.synthetic, lines), found.query, found.tokens)
      services.saveFile('window-attention.csv', new Blob([text], { type: 'text/csv' }))
    },
  }
}

/** A volume's grid without its voxels, for a message. */
export function gridOf({ shape, spacingMm, affine }: Grid): Grid {
  return { shape, spacingMm, affine }
}
