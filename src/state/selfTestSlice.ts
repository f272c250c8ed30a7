// Testing this computer: our kernels and the CPU path against golden fixtures, in the compute worker.
import type { SelfTestResult, StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import type { SliceOf } from './store.ts'

export type SelfTest = Job<{ readonly result: SelfTestResult }>

export interface SelfTestSlice {
  readonly selfTest: SelfTest
  startSelfTest(): Promise<void>
  cancelSelfTest(): void
}

export const createSelfTestSlice: SliceOf<SelfTestSlice> = services => (set, get) => {
  const { compute } = services.workers
  let controller = new AbortController()
  return {
    selfTest: { kind: 'none' },

    async startSelfTest() {
      // The worker does one job at a time: an analysis is not made to wait behind a test, nor slowed by it.
      if (get().selfTest.kind === 'running' || get().prediction.kind === 'running') return
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ selfTest: { kind: 'running', progress } })
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      try {
        const result = await compute.run('selfTest', {}, { signal, onProgress })
        set({ selfTest: { kind: 'done', result } })
      } catch (error) {
        if (signal.aborted) return
        const failure = toFailure(error, 'Testing this computer')
        set({ selfTest: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    cancelSelfTest() {
      if (get().selfTest.kind !== 'running') return
      controller.abort()
      set({ selfTest: { kind: 'none' } })
    },
  }
}
