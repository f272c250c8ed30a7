// The training worker: one run, which may take days. It is a worker of its own, so that the open scan can be analysed beside
// it, and so that it can be ended: a terminated worker gives back its GPU device, WASM memory, threads and arrays, which
// nothing else does reliably. Nothing lives only here: a run is in its folder.
import { serveTasks } from './serveTasks.ts'
import type { MessageScope } from './serveTasks.ts'
import { trainHandlers } from './trainTasks.ts'

serveTasks(self as unknown as MessageScope, trainHandlers)
