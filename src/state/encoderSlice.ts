// Which encoders the lab's model has: networks, teacher, and their untrained twins.
import type { EncoderChoice, EncoderSummary } from '../worker/insightProtocol.ts'
import type { SliceOf } from './store.ts'

export interface EncoderSlice {
  /** Null until they were asked for. */
  readonly encoders: readonly EncoderSummary[] | null
  askEncoders(): Promise<void>
}

export const createEncoderSlice: SliceOf<EncoderSlice> =
  ({ workers }) =>
  (set, get) => ({
    encoders: null,

    async askEncoders() {
      const { labSource: source } = get()
      try {
        const encoders = await workers.compute.run('listEncoders', { source })
        if (get().labSource !== source) return
        const { headsEncoder, featureSettings } = get()
        const has = (choice: EncoderChoice | null) =>
          encoders.some(one => one.task === choice?.task && one.role === choice.role)
        if (!has(headsEncoder)) set({ headsEncoder: null })
        if (!has(featureSettings.encoder)) get().changeFeatures({ encoder: null })
        set({ encoders })
      } catch {
        // The lab's own opening of the model says why.
        set({ encoders: null })
      }
    },
  })
