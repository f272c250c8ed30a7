// Taking the model away: one of its networks is written as a file in the compute worker and handed to the browser.
import type { ClassTask } from '../network/model.ts'
import type { ExportFormat } from '../prediction/exportModel.ts'
import type { ModelSource } from '../worker/labProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import type { SliceOf } from './store.ts'

export type ModelExport = Job<{ readonly fileName: string; readonly bytes: number }>

export interface ModelExportSlice {
  readonly modelExport: ModelExport
  /** A network of the model that analyses, or of another one. */
  takeModelAway(network: ClassTask, format: ExportFormat, from?: ModelSource): Promise<void>
  cancelModelExport(): void
}

export const createModelExportSlice: SliceOf<ModelExportSlice> = services => (set, get) => {
  const { compute } = services.workers
  let controller = new AbortController()
  return {
    modelExport: { kind: 'none' },

    async takeModelAway(network, format, source = get().chosenModel) {
      if (get().modelExport.kind === 'running') return
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ modelExport: { kind: 'running', progress } })
      onProgress({ stage: 'Starting', done: 0, total: 1 })
      try {
        const input = { source, format, network }
        const { fileName, bytes } = await compute.run('exportModel', input, { signal, onProgress })
        services.saveFile(fileName, new Blob([bytes], { type: 'application/octet-stream' }))
        set({ modelExport: { kind: 'done', fileName, bytes: bytes.length } })
      } catch (error) {
        if (signal.aborted) return
        const failure = toFailure(error, 'Writing the model’s file')
        set({ modelExport: failure ? { kind: 'failed', failure } : { kind: 'none' } })
      }
    },

    cancelModelExport() {
      if (get().modelExport.kind !== 'running') return
      controller.abort()
      set({ modelExport: { kind: 'none' } })
    },
  }
}
