// The run library's worker: lists, reads, renames, exports and deletes runs while another worker trains. It computes
// nothing and ends with its last answer.
import { libraryHandlers } from './libraryTasks.ts'
import { serveTasks } from './serveTasks.ts'
import type { MessageScope } from './serveTasks.ts'

serveTasks(self as unknown as MessageScope, libraryHandlers)
