// What a plan says of itself: memory, dispatches, and which operations run on plain programs instead of kernels of ours.
import type { ComputeStep } from '../../kernels/gpuProgram.ts'
import { sizeOf } from '../graph.ts'
import type { Graph } from '../graph.ts'
import { placeUniforms } from './commands.ts'
import type { Halves } from './halves.ts'
import type { Lowered } from './lower.ts'
import type { Task } from './task.ts'
import { storageKinds, type Forecast, type Storage } from './storage.ts'

export interface PlanReport {
  readonly forecast: Forecast
  readonly tasks: readonly { readonly label: string; readonly kind: Task['kind'] }[]
  readonly dispatches: number
  /** Distinct programs. */
  readonly programs: number
  /** Operations on plain programs, and how many nodes of each. */
  readonly generic: Readonly<Record<string, number>>
  /** Values stored as halves. */
  readonly halves: number
  /** Bytes of the values that were asked to be halves and are not, by reason. */
  readonly singles: Readonly<Record<string, number>>
}

const sum = (list: readonly number[]) => list.reduce((total, each) => total + each, 0)

export function forecastOf(
  { buffers }: Storage,
  graph: Graph,
  steps: readonly ComputeStep[],
  uniformAlignment: number,
): Forecast {
  const [constants, resident, arena] = storageKinds.map(kind => sum(buffers[kind]))
  const readback = sum(Object.values(graph.outputs).map(id => 4 * sizeOf(graph.values[id].shape)))
  const uniforms = placeUniforms(steps, uniformAlignment).bytes
  const total = constants + resident + arena + readback + uniforms
  return { constants, resident, arena, readback, uniforms, total }
}

export function reportOf(
  { facts, tasks }: Lowered,
  steps: readonly ComputeStep[],
  forecast: Forecast,
  { owners, reasons }: Halves,
): PlanReport {
  const generic: Record<string, number> = {}
  for (const { kind, label } of tasks) if (kind === 'generic') generic[label] = (generic[label] ?? 0) + 1
  const singles: Record<string, number> = {}
  for (const [owner, reason] of reasons) singles[reason] = (singles[reason] ?? 0) + 4 * facts.size(owner)
  return {
    forecast,
    tasks: tasks.map(({ label, kind }) => ({ label, kind })),
    dispatches: steps.length,
    programs: new Set(steps.map(({ key, entryPoint }) => `${key} ${entryPoint}`)).size,
    generic,
    halves: owners.size,
    singles,
  }
}
