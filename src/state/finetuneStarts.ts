// The models that a fine-tuning run can begin with: those of the installation, the reader's own, and none.
import type { ModelSource } from '../worker/labProtocol.ts'
import { sourceKey } from '../worker/sourceKey.ts'
import type { Workbench } from './store.ts'

/** `source` is null from scratch. */
export interface FinetuneStart {
  readonly id: string
  readonly name: string
  readonly source: ModelSource | null
}

const SCRATCH: FinetuneStart = { id: 'scratch', name: 'From scratch', source: null }

export function startsOf(models: Workbench['models']): readonly FinetuneStart[] {
  const known = (models ?? []).map(({ source, title, version }) => ({
    ...{ id: sourceKey(source), name: `${title} ${version}`, source },
  }))
  return [...known, SCRATCH]
}

/** Null from scratch. */
export function chosenStart({
  models,
  finetuneStart,
}: Pick<Workbench, 'models' | 'finetuneStart'>): ModelSource | null {
  return startsOf(models).find(({ id }) => id === finetuneStart)?.source ?? null
}
