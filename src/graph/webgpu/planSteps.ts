// The dispatches of lowered tasks. They are drawn first on stand-ins for buffers, every value in single precision and
// whole, as our kernels know it; then placed: on real buffers, in the form in which values are stored, in pieces where a
// value is larger than the device binds at once.
import { DeviceMemoryError } from '../../base/errors.ts'
import type { DeviceFacts, KernelBindings, TensorBinding } from '../../kernels/gpuKernel.ts'
import type { ComputeStep } from '../../kernels/gpuProgram.ts'
import { sizeOf } from '../graph.ts'
import type { ValueInfo } from '../graph.ts'
import { requireBindable } from './commands.ts'
import { storedAs } from './expressions.ts'
import type { HalfFormat } from './halfText.ts'
import type { Lowered } from './lower.ts'
import type { Storage, StoredPlace } from './storage.ts'
import { storedStep, type BindingLimits, type StoredBinding } from './storedStep.ts'
import type { Task } from './task.ts'

/** What a stand-in stands for: the storage of a value, by its owner, or a scratch buffer of a task. */
export type Holder = { readonly owner: number } | { readonly task: number; readonly scratch: number }

export interface Drawing {
  readonly steps: readonly { readonly step: ComputeStep; readonly task: number }[]
  readonly holders: ReadonlyMap<GPUBuffer, Holder>
}

/** Hands out one stand-in for each place. */
class StandIns {
  readonly holders = new Map<GPUBuffer, Holder>()
  private readonly byOwner = new Map<number, GPUBuffer>()

  private make(holder: Holder): GPUBuffer {
    const buffer = { label: 'stand-in' } as GPUBuffer
    this.holders.set(buffer, holder)
    return buffer
  }

  private standInOf(owner: number): GPUBuffer {
    const buffer = this.byOwner.get(owner) ?? this.make({ owner })
    this.byOwner.set(owner, buffer)
    return buffer
  }

  value(owner: number, { shape, dtype }: ValueInfo): TensorBinding {
    const buffer = this.standInOf(owner)
    return { buffer, offset: 0, size: 4 * sizeOf(shape), shape, dtype: storedAs(dtype) }
  }

  /** An output that takes an input's place stands where that stands. */
  replace(output: number, input: number): void {
    this.byOwner.set(output, this.standInOf(input))
  }

  scratch(task: number, scratch: number, floats: number): TensorBinding {
    const buffer = this.make({ task, scratch })
    return { buffer, offset: 0, size: 4 * floats, shape: [floats], dtype: 'float32' }
  }
}

/** Kernels cut a batch themselves; a single sample that is too large they get whole, and its bindings are cut below them. */
function stepsOf({ emission }: Task, bindings: KernelBindings, facts: DeviceFacts): ComputeStep[] {
  try {
    return emission.steps(bindings, facts)
  } catch (error) {
    if (!(error instanceof DeviceMemoryError)) throw error
    const limits = { ...factsOf(facts.limits), maxStorageBufferBindingSize: Infinity }
    return emission.steps(bindings, { ...facts, limits })
  }
}

/** Limits are getters of the prototype, which a spread leaves out. */
function factsOf(limits: DeviceFacts['limits']): DeviceFacts['limits'] {
  const { maxStorageBufferBindingSize, minStorageBufferOffsetAlignment, maxComputeWorkgroupStorageSize } =
    limits
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupsPerDimension } = limits
  return {
    ...{ maxStorageBufferBindingSize, minStorageBufferOffsetAlignment, maxComputeWorkgroupStorageSize },
    ...{ maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupsPerDimension },
  }
}

/** All dispatches in order. `mayHalve`: parts begin where they also may when the bytes of a value are halved. */
export function drawSteps(
  { facts, tasks }: Lowered,
  { limits, tiles }: DeviceFacts,
  mayHalve: boolean,
): Drawing {
  const alignment = limits.minStorageBufferOffsetAlignment
  const device: DeviceFacts = {
    limits: { ...factsOf(limits), minStorageBufferOffsetAlignment: mayHalve ? 2 * alignment : alignment },
    tiles,
  }
  const { values } = facts.graph
  const standIns = new StandIns()
  const steps = tasks.flatMap((task, at) => {
    task.replaces.forEach((input, output) => standIns.replace(output, input))
    const bindings: KernelBindings = {
      inputs: task.inputs.map((id, k) =>
        id === undefined ? undefined : standIns.value(id, task.inputInfos[k]!),
      ),
      outputs: task.outputs.map(id => standIns.value(id, values[id])),
      scratch: task.emission.scratch.map((floats, k) => standIns.scratch(at, k, floats)),
    }
    return stepsOf(task, bindings, device).map(step => ({ step, task: at }))
  })
  return { steps, holders: standIns.holders }
}

/** The dispatches on real buffers, and the task of each; `bufferOf` gives the buffer of a place. */
export function placeSteps(
  { steps, holders }: Drawing,
  { tasks }: Lowered,
  { places, scratch }: Storage,
  format: HalfFormat,
  limits: BindingLimits,
  bufferOf: (place: StoredPlace) => GPUBuffer,
): { steps: ComputeStep[]; tasks: number[] } {
  const bind = ({ buffer, offset = 0, size = 0 }: GPUBufferBinding): StoredBinding => {
    const holder = holders.get(buffer)!
    const place = 'owner' in holder ? places.get(holder.owner)! : scratch[holder.task][holder.scratch]
    const real = { buffer: bufferOf(place), offset: place.offset + offset, size, format: 'single' as const }
    if (!place.isHalf) return real
    const begin = offset / 2
    if (begin % limits.minStorageBufferOffsetAlignment !== 0)
      throw new Error(
        `A part of a value stored as halves begins at byte ${begin}, where no binding may begin.`,
      )
    return { ...real, offset: place.offset + begin, size: 4 * Math.ceil(size / 8), format }
  }
  const placed = steps.map(({ step, task }) => {
    const stored = new Map(
      Object.entries(step.buffers).map(([number, binding]) => [Number(number), bind(binding)] as const),
    )
    const done = storedStep(step, stored, limits)
    requireBindable(done, tasks[task].label, limits.maxStorageBufferBindingSize)
    return done
  })
  return { steps: placed, tasks: steps.map(({ task }) => task) }
}
