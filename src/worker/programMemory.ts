// Keeps which programs a GPU runs faster, in the browser's cache storage: a worker has no localStorage. A key names an
// adapter and a model, nothing of a patient.
import type { ProgramMemory } from '../prediction/tunePrograms.ts'

const cacheName = 'gpu-tuning'
const addressOf = (key: string) => new URL(`gpu-tuning/${encodeURIComponent(key)}`, self.location.origin).href

/** Undefined where a browser has no cache storage (a page without https). */
export function openProgramMemory(): ProgramMemory | undefined {
  if (!('caches' in self)) return undefined
  return {
    async recall(key) {
      const kept = await (await caches.open(cacheName)).match(addressOf(key))
      return kept?.text()
    },
    async remember(key, value) {
      await (await caches.open(cacheName)).put(addressOf(key), new Response(value))
    },
  }
}
