// Semantic attention of the lab's region: computed in the worker, painted over the scan. Which head is shown is a matter of
// painting; everything else is computed anew.
import type { AttentionQuery, Dropout } from '../insight/attention.ts'
import type { CropPainting } from '../insight/painting.ts'
import type { AttentionResult } from '../worker/labProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import { openLabNetwork } from './labSlice.ts'
import type { SliceOf } from './store.ts'

export type AttentionState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly progress: StageProgress }
  /** `serial` tells two results apart; the maps are in `held.attention()`. */
  | {
      readonly kind: 'done'
      readonly serial: number
      readonly device: string
      readonly notices: readonly string[]
    }
  | { readonly kind: 'failed'; readonly failure: Failure }

export interface AttentionSlice {
  readonly attention: AttentionState
  /** 0 is the mean over heads, k the k-th head. */
  readonly head: number
  /** Null: a clean image. */
  readonly dropout: Dropout | null
  computeAttention(): Promise<void>
  cancelAttention(): void
  setHead(head: number): void
  setDropout(dropout: Dropout | null): void
}

/** The map of a head (0: their mean), or of all. [N] */
export function mapOf({ satt, byHead }: AttentionResult, head: number): Float32Array {
  return head === 0 ? satt : byHead.subarray((head - 1) * satt.length, head * satt.length)
}

export function paintAttention(result: AttentionResult, head: number): CropPainting {
  const values = mapOf(result, head)
  const range = [0, values.reduce((most, value) => Math.max(most, value), 0)] as const
  return { crop: result.crop, map: { shape: result.grid, values, range } }
}

export const createAttentionSlice: SliceOf<AttentionSlice> = services => (set, get) => {
  const { held, workers } = services
  let controller = new AbortController()
  let serial = 0

  return {
    attention: { kind: 'none' },
    head: 0,
    dropout: null,

    async computeAttention() {
      const { openCase, labCrop: crop, labSource: source, labRole: role, dropout } = get()
      const network = openLabNetwork(get())
      const scan = openCase && held.scan(openCase.id)
      if (!scan || !crop || !network) return
      controller.abort()
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ attention: { kind: 'running', progress } })
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      try {
        const query: AttentionQuery = { task: network.task, role, dropout: dropout ?? undefined }
        const input = { source, volume: scan.series.volume, crop, query }
        const result = await workers.compute.run('attend', input, { signal, onProgress })
        held.holdAttention(result)
        const { device, notices } = result
        set({ attention: { kind: 'done', serial: ++serial, device, notices } })
        if (get().head > result.heads) set({ head: 0 })
        get().paint('attention', paintAttention(result, get().head))
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

    setHead(head) {
      set({ head })
      const result = held.attention()
      if (result) get().paint('attention', paintAttention(result, head))
    },

    setDropout(dropout) {
      set({ dropout })
    },
  }
}
