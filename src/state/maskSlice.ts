// Masks over the lab's region: r, s and seed, which kind is painted, and the reconstruction behind it.
import type { MaskKind, MaskSettings } from '../insight/masks.ts'
import { defaultMasks, makeMask } from '../insight/masks.ts'
import { MARK } from '../insight/painting.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import { openLabNetwork } from './labSlice.ts'
import type { SliceOf } from './store.ts'

export type ReconstructionState = Job<{
  /** Tells two results apart; the voxels are in `held.reconstruction()`. */
  readonly serial: number
  readonly device: string
}>

export interface MaskSlice {
  readonly masks: MaskSettings
  readonly maskKind: MaskKind
  readonly reconstruction: ReconstructionState
  changeMasks(change: Partial<MaskSettings>): void
  showMask(kind: MaskKind): void
  /** The next or the previous draw of masks by chance. */
  stepMaskSeed(step: 1 | -1): void
  /** Paints the chosen mask, if masks are what is shown. */
  repaintMask(): void
  reconstruct(): Promise<void>
  cancelReconstruction(): void
}

export const createMaskSlice: SliceOf<MaskSlice> = services => (set, get) => {
  const { held, workers } = services
  let controller = new AbortController()
  let serial = 0

  /** The chosen mask over the newest attention. */
  function currentMask() {
    const result = held.attention()
    const { maskKind, masks } = get()
    return result && { result, mask: makeMask(maskKind, result.satt, result.grid, masks) }
  }

  return {
    masks: defaultMasks,
    maskKind: 'attention',
    reconstruction: { kind: 'none' },

    changeMasks(change) {
      set({ masks: { ...get().masks, ...change } })
      get().setPainter('masks')
    },
    showMask(maskKind) {
      set({ maskKind })
      get().setPainter('masks')
    },
    stepMaskSeed: step => get().changeMasks({ seed: Math.max(0, get().masks.seed + step) }),

    repaintMask() {
      const current = currentMask()
      if (!current) return get().paint('masks', undefined)
      const { crop, grid } = current.result
      get().paint('masks', { crop, marks: { shape: grid, codes: current.mask.codes } })
    },

    async reconstruct() {
      controller.abort()
      const { openCase, labSource: source, maskKind, masks } = get()
      const network = openLabNetwork(get())
      const scan = openCase && held.scan(openCase.id)
      const current = currentMask()
      if (!scan || !network || !current) return
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ reconstruction: { kind: 'running', progress } })
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      try {
        const { crop, satt } = current.result
        const { codes, masked } = current.mask
        const mask = Uint8Array.from(codes, code => (code === MARK.masked ? 1 : 0))
        const input = { source, volume: scan.series.volume, crop, task: network.task, mask }
        const result = await workers.compute.run('reconstruct', input, { signal, onProgress })
        held.holdReconstruction({ ...result, crop, codes, maskKind, masks, masked, satt })
        set({ reconstruction: { kind: 'done', serial: ++serial, device: result.device } })
      } catch (error) {
        if (signal.aborted) return
        const failure = toFailure(error, 'Reconstructing')
        set({ reconstruction: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    cancelReconstruction() {
      if (get().reconstruction.kind !== 'running') return
      controller.abort()
      set({ reconstruction: { kind: 'none' } })
    },
  }
}
