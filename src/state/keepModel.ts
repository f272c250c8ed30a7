// What a run has learnt is kept as a model of its own, whatever kind of run it is.
import type { ModelEntry, NewModel } from '../worker/modelProtocol.ts'
import { toFailure } from './failure.ts'
import type { Job } from './job.ts'
import type { Workbench } from './store.ts'

export type KeptModel = Job<{ readonly entry: ModelEntry }>

type Parts = Omit<Extract<NewModel, { kind: 'parts' }>, 'kind'>

/** Keeps the model that `make` gives; `tell` hears how far that is, and why it failed. */
export async function keepModel(
  get: () => Workbench,
  make: () => Promise<Parts>,
  tell: (kept: KeptModel) => void,
): Promise<void> {
  tell({ kind: 'running', progress: { stage: 'Keeping the model', done: 0, total: 1 } })
  try {
    const entry = await get().addModel({ kind: 'parts', ...(await make()) })
    const { modelWork } = get()
    if (entry) tell({ kind: 'done', entry })
    else tell(modelWork.kind === 'failed' ? modelWork : { kind: 'none' })
  } catch (error) {
    const failure = toFailure(error, 'Keeping the model')
    tell(failure ? { kind: 'failed', failure } : { kind: 'none' })
  }
}
