// The volume worker: owns the open case. It parses, reorients and keeps int16 HU in one block of shared memory.
import { serveTasks } from './serveTasks.ts'
import type { MessageScope } from './serveTasks.ts'
import { volumeHandlers } from './volumeTasks.ts'

serveTasks(self as unknown as MessageScope, volumeHandlers)
