// Starts the two workers of a page and gives their typed clients.
import { createClient } from './client.ts'
import type { TaskClient } from './client.ts'
import type { ModelTasks } from './modelProtocol.ts'
import { profilingWorker, type ComputeTasks, type VolumeTasks } from './protocol.ts'

export interface Workers {
  readonly volume: TaskClient<VolumeTasks>
  readonly compute: TaskClient<ComputeTasks>
  /** Keeps the models; it holds what was deleted last, so it stays. */
  readonly models: TaskClient<ModelTasks>
}

/** With `isProfiling` the compute worker prints to the console where a GPU's time goes. */
export function startWorkers(isProfiling: boolean): Workers {
  const compute = isProfiling ? profilingWorker : 'compute'
  return {
    volume: createClient<VolumeTasks>(
      () => new Worker(new URL('./volume.worker.ts', import.meta.url), { type: 'module', name: 'volume' }),
    ),
    compute: createClient<ComputeTasks>(
      () => new Worker(new URL('./compute.worker.ts', import.meta.url), { type: 'module', name: compute }),
    ),
    models: createClient<ModelTasks>(
      () => new Worker(new URL('./models.worker.ts', import.meta.url), { type: 'module', name: 'models' }),
    ),
  }
}
