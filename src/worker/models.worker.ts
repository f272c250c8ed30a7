// The model library's worker: it answers while the others read scans and compute.
import { modelHandlers } from './modelTasks.ts'
import { serveTasks, type MessageScope } from './serveTasks.ts'

serveTasks(globalThis as unknown as MessageScope, modelHandlers)
