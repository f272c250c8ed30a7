// Opening labelled data: what was open stays until the new data has come whole.
import type { LabelledSource } from '../worker/labelledProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Services, Workbench } from './store.ts'

type Set = (part: Partial<Workbench>) => void

/** One opening at a time: a newer wish cancels the one under way; what was open stays until the new data has come. */
export function createOpening(services: Services, set: Set, get: () => Workbench) {
  const { workers, held } = services
  let controller = new AbortController()
  return {
    async open(source: LabelledSource, addTo: number | null, scans: readonly string[]): Promise<void> {
      const before = get().labelled
      controller.abort()
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ labelled: { kind: 'running', progress } })
      onProgress({ stage: 'Reading', done: 0, total: 1 })
      try {
        const data = await workers.volume.run('openLabelled', { source, addTo }, { signal, onProgress })
        held.training.thumbnails.clear()
        held.training.crops = undefined
        set({ labelled: { kind: 'done', data }, thumbnailSerial: 0, labelledScans: scans })
        get().labelledDataOpened()
      } catch (error) {
        if (signal.aborted) return set({ labelled: before.kind === 'done' ? before : { kind: 'none' } })
        const failure = toFailure(error, 'Reading the labelled data')
        set({ labelled: failure ? { kind: 'failed', failure } : before })
      }
    },
    cancel: () => controller.abort(),
  }
}
