// Starts the two workers of a page and gives their typed clients.
import { createClient } from './client.ts'
import type { TaskClient } from './client.ts'
import type { ComputeTasks, VolumeTasks } from './protocol.ts'

export interface Workers {
  readonly volume: TaskClient<VolumeTasks>
  readonly compute: TaskClient<ComputeTasks>
}

export function startWorkers(): Workers {
  return {
    volume: createClient<VolumeTasks>(
      () => new Worker(new URL('./volume.worker.ts', import.meta.url), { type: 'module', name: 'volume' }),
    ),
    compute: createClient<ComputeTasks>(
      () => new Worker(new URL('./compute.worker.ts', import.meta.url), { type: 'module', name: 'compute' }),
    ),
  }
}
