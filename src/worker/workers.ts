// Starts the workers of a page and gives their typed clients.
import { createClient } from './client.ts'
import type { TaskClient } from './client.ts'
import type { ModelTasks } from './modelProtocol.ts'
import { profilingWorker, type ComputeTasks, type VolumeTasks } from './protocol.ts'
import type { LibraryTasks, TrainTasks } from './trainProtocol.ts'

export interface Workers {
  readonly volume: TaskClient<VolumeTasks>
  readonly compute: TaskClient<ComputeTasks>
  /** Trains; there only while it has a job. */
  readonly train: TaskClient<TrainTasks>
  /** Keeps the runs; there only while it has a job. */
  readonly library: TaskClient<LibraryTasks>
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
    train: createClient<TrainTasks>(
      () => new Worker(new URL('./train.worker.ts', import.meta.url), { type: 'module', name: 'train' }),
      { endsWhenIdle: true },
    ),
    library: createClient<LibraryTasks>(
      () => new Worker(new URL('./runLibrary.worker.ts', import.meta.url), { type: 'module', name: 'runs' }),
      { endsWhenIdle: true },
    ),
    models: createClient<ModelTasks>(
      () => new Worker(new URL('./models.worker.ts', import.meta.url), { type: 'module', name: 'models' }),
    ),
  }
}
