// The compute worker: predictions, one job at a time. It is disposable: nothing lives only here.
import { computeHandlers } from './computeTasks.ts'
import { serveTasks } from './serveTasks.ts'
import type { MessageScope } from './serveTasks.ts'

serveTasks(self as unknown as MessageScope, computeHandlers)
