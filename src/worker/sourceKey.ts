// Tells the sources of models apart.
import type { ModelSource } from './labProtocol.ts'

export function sourceKey(source: ModelSource): string {
  if (source.kind === 'installed') return `installed ${source.name}`
  return source.kind === 'own' ? `own ${source.identity}` : `files ${source.key}`
}
