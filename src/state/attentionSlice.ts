// Semantic attention of the lab's region: computed in the worker whenever the region, the network or its eyes change, and
// painted over the scan. Which head is shown is a matter of painting only.
import type { AttentionQuery, Dropout } from '../insight/attention.ts'
import type { CropPainting } from '../insight/painting.ts'
import { MARK } from '../insight/painting.ts'
import { rankedTokens } from '../tokens/tokenDraw.ts'
import type { AttentionResult } from '../worker/labProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import { openLabNetwork } from './labSlice.ts'
import type { SliceOf } from './store.ts'

export type AttentionState = Job<{
  /** Tells two results apart; the maps are in `held.attention()`. */
  readonly serial: number
  readonly device: string
  readonly notices: readonly string[]
}>

export interface AttentionSlice {
  readonly attention: AttentionState
  /** 0 is the mean over heads, k the k-th head. */
  readonly head: number
  readonly colourBy: ColourBy
  /** Null: a clean image. */
  readonly dropout: Dropout | null
  computeAttention(): Promise<void>
  cancelAttention(): void
  /** Ends what is computed: another place is about to be chosen. */
  awaitAttention(stage: string): void
  setHead(head: number): void
  setColourBy(colourBy: ColourBy): void
  setDropout(dropout: Dropout | null): void
  /** Paints the newest map, if the map is what is shown. */
  repaintAttention(): void
}

/** The map of a head (0: the mean over heads). [N] */
export function mapOf(
  { satt, byHead }: Pick<AttentionResult, 'satt' | 'byHead'>,
  head: number,
): Float32Array {
  return head === 0 ? satt : byHead.subarray((head - 1) * satt.length, head * satt.length)
}

/** What the colours stand for: attention itself, or the token's place among all. */
export type ColourBy = 'value' | 'rank'

/** Share of tokens below the brightest colour: a single outlier would leave all others black. */
const BELOW_TOP = 0.98

/** From 0 to a value that few tokens exceed. */
export function rangeOf(values: Float32Array): readonly [number, number] {
  const sorted = Float32Array.from(values).sort()
  return [0, sorted[Math.min(sorted.length - 1, Math.ceil(BELOW_TOP * sorted.length))]]
}

/** 1 for the token that is attended to most, 0 for the least. */
function rankShares(values: Float32Array): Float32Array {
  const shares = new Float32Array(values.length)
  const last = Math.max(1, values.length - 1)
  rankedTokens(values).forEach((token, rank) => (shares[token] = 1 - rank / last))
  return shares
}

function paintMap(result: AttentionResult, head: number, colourBy: ColourBy): CropPainting {
  const { crop, grid, keep, patchGrid } = result
  const own = mapOf(result, head)
  const values = colourBy === 'rank' ? rankShares(own) : own
  const map = { shape: grid, values, range: colourBy === 'rank' ? ([0, 1] as const) : rangeOf(own) }
  if (!keep) return { crop, map }
  const codes = Uint8Array.from(keep, kept => (kept === 0 ? MARK.dropped : MARK.none))
  return { crop, map, marks: { shape: patchGrid, codes } }
}

export const createAttentionSlice: SliceOf<AttentionSlice> = services => (set, get) => {
  const { held, workers } = services
  let controller = new AbortController()
  let serial = 0

  return {
    attention: { kind: 'none' },
    head: 0,
    colourBy: 'value',
    dropout: null,

    async computeAttention() {
      controller.abort()
      const { openCase, labCrop: crop, labSource: source, labRole: role, dropout } = get()
      const network = openLabNetwork(get())
      const scan = openCase && held.scan(openCase.id)
      if (!scan || !crop || !network) return
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ attention: { kind: 'running', progress } })
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      // A map of another place would lie beside the outline meanwhile.
      if (held.attention()?.crop !== crop) get().paint('attention', undefined)
      try {
        const query: AttentionQuery = { task: network.task, role, dropout: dropout ?? undefined }
        const input = { source, volume: scan.series.volume, crop, query }
        const result = await workers.compute.run('attend', input, { signal, onProgress })
        held.holdAttention(result)
        const { device, notices, heads } = result
        set({
          attention: { kind: 'done', serial: ++serial, device, notices },
          head: Math.min(get().head, heads),
        })
        get().repaintAttention()
        get().repaintMask()
      } catch (error) {
        if (signal.aborted) return
        const failure = toFailure(error, 'Computing the attention')
        set({ attention: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    cancelAttention() {
      if (get().attention.kind !== 'running') return
      controller.abort()
      set({ attention: { kind: 'none' } })
    },

    awaitAttention(stage) {
      controller.abort()
      set({ attention: { kind: 'running', progress: { stage, done: 0, total: 1 } } })
    },

    setHead(head) {
      set({ head })
      get().setPainter('attention')
    },

    setColourBy(colourBy) {
      set({ colourBy })
      get().setPainter('attention')
    },

    setDropout(dropout) {
      set({ dropout })
      get().setPainter('attention')
      void get().computeAttention()
    },

    repaintAttention() {
      const result = held.attention()
      get().paint('attention', result && paintMap(result, get().head, get().colourBy))
    },
  }
}
