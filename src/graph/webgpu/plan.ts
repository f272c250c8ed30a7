// A graph compiled for WebGPU: everything that does not depend on the data is made once (storage, programs, bind groups),
// so that a run uploads what is new, submits one list of dispatches, and reads back what is asked for.
import type { DeviceFacts, KernelBindings, TensorBinding } from '../../kernels/gpuKernel.ts'
import type { ComputeStep } from '../../kernels/gpuProgram.ts'
import { describe } from '../graph.ts'
import type { Graph, ValueInfo } from '../graph.ts'
import type { FeedData, RunResult } from '../session.ts'
import { simplify } from '../simplify.ts'
import { makeCommands, requireBindable } from './commands.ts'
import { storedAs } from './expressions.ts'
import { lowerGraph, type Lowered } from './lower.ts'
import { PlanBuffers } from './planBuffers.ts'
import { PlanRunner, type TaskTime } from './planRunner.ts'
import { forecastOf, reportOf, type PlanReport } from './planReport.ts'
import { layOut, type Forecast, type Storage, type StoredPlace } from './storage.ts'

export interface PlanOptions {
  /**
   * Output name → name of the input that it becomes: a training step's parameters and moments. Such inputs stay on the
   * device; the next run finds the output's values there.
   */
  readonly state?: Readonly<Record<string, string>>
  /** Further inputs that stay on the device between runs: fed when they change. */
  readonly resident?: readonly string[]
  /** Which family of programs our kernels use; default: those that pass tiles through workgroup memory. */
  readonly tiles?: DeviceFacts['tiles']
  /** Programs compiled so far, of how many. */
  readonly onProgress?: (ready: number, total: number) => void
}

/** A graph ready to run on a device. */
export interface Plan {
  readonly inputs: Readonly<Record<string, ValueInfo>>
  readonly outputs: Readonly<Record<string, ValueInfo>>
  readonly report: PlanReport
  /**
   * Computes the graph; results are read back for the outputs named (default: all that are no state).
   * @throws Error when an input is missing, misshapen, or the device refuses.
   */
  run(
    feeds: Readonly<Record<string, FeedData>>,
    wanted?: readonly string[],
  ): Promise<Record<string, RunResult>>
  /** The present values of inputs that stay on the device, such as trained parameters. */
  readState(inputs: readonly string[]): Promise<Record<string, RunResult>>
  /** As `run`, with the time of each task in milliseconds. @throws Error where the device has no timestamps. */
  profile(feeds: Readonly<Record<string, FeedData>>): Promise<readonly TaskTime[]>
  /** Frees all memory; the plan cannot run any more. */
  release(): void
}

/** What a forecast needs of a device. */
export type DeviceLimits = Pick<GPUDevice, 'limits'>

interface Compiled {
  readonly graph: Graph
  readonly lowered: Lowered
  readonly storage: Storage
  readonly resident: ReadonlySet<string>
}

function compile(graph: Graph, device: DeviceLimits, { state = {}, resident = [] }: PlanOptions): Compiled {
  for (const [output, input] of Object.entries(state))
    if (graph.outputs[output] === undefined || graph.inputs[input] === undefined)
      throw new Error(
        `compilePlan: the output '${output}' is to become the input '${input}', but the graph lacks one of them.`,
      )
  const simplified = simplify(graph)
  const lowered = lowerGraph(simplified, state)
  const staying = new Set([...Object.values(state), ...resident])
  const { limits } = device
  const storage = layOut(lowered, staying, {
    alignment: Math.max(256, limits.minStorageBufferOffsetAlignment),
    mostBufferBytes: limits.maxBufferSize,
  })
  return { graph: simplified, lowered, storage, resident: staying }
}

/** The bytes that a plan of this graph would take, without allocating any. @throws Error as `compilePlan`. */
export function forecastPlan(graph: Graph, device: DeviceLimits, options: PlanOptions = {}): Forecast {
  const compiled = compile(graph, device, options)
  const steps = listSteps(compiled, device, options, place => ({ label: place.kind }) as GPUBuffer)
  return forecastOf(compiled.storage, graph, steps.steps, device.limits.minUniformBufferOffsetAlignment)
}

/** All dispatches in order and the task of each; `bufferOf` gives the buffer of a place. */
function listSteps(
  { lowered, storage }: Compiled,
  { limits }: DeviceLimits,
  { tiles = 'shared' }: PlanOptions,
  bufferOf: (place: StoredPlace) => GPUBuffer,
): { steps: ComputeStep[]; tasks: number[] } {
  const bind = (place: StoredPlace, { shape, dtype }: ValueInfo): TensorBinding => ({
    ...{ buffer: bufferOf(place), offset: place.offset, size: place.bytes },
    ...{ shape, dtype: storedAs(dtype) },
  })
  const values = lowered.facts.graph.values
  const steps: ComputeStep[] = []
  const tasks: number[] = []
  lowered.tasks.forEach((task, at) => {
    const bindings: KernelBindings = {
      inputs: task.inputs.map((id, k) =>
        id === undefined ? undefined : bind(storage.places.get(id)!, task.inputInfos[k]!),
      ),
      outputs: task.outputs.map(id => bind(storage.places.get(id)!, values[id])),
      scratch: storage.scratch[at].map(place => bind(place, { shape: [place.bytes / 4], dtype: 'float32' })),
    }
    for (const step of task.emission.steps(bindings, { limits, tiles })) {
      requireBindable(step, task.label, limits.maxStorageBufferBindingSize)
      steps.push(step)
      tasks.push(at)
    }
  })
  return { steps, tasks }
}

/**
 * Compiles a graph for a device.
 * @throws Error when an operation has no program, a value is too large for the device, memory is short, or the driver
 * refuses a program.
 */
export async function compilePlan(graph: Graph, device: GPUDevice, options: PlanOptions = {}): Promise<Plan> {
  const compiled = compile(graph, device, options)
  const buffers = await PlanBuffers.allocate(device, compiled.storage)
  try {
    const { steps, tasks } = listSteps(compiled, device, options, place => buffers.of(place))
    const commands = await makeCommands(device, steps, tasks, options.onProgress)
    buffers.own(commands.uniforms)
    const { lowered, storage } = compiled
    buffers.writeConstants(compiled.graph, storage)
    const runner = new PlanRunner(device, buffers, commands, {
      facts: lowered.facts,
      tasks: lowered.tasks,
      storage,
      resident: compiled.resident,
      state: options.state ?? {},
    })
    const forecast = forecastOf(storage, graph, steps, device.limits.minUniformBufferOffsetAlignment)
    return {
      inputs: describe(graph, graph.inputs),
      outputs: describe(graph, graph.outputs),
      report: reportOf(lowered.tasks, steps, forecast),
      run: (feeds, wanted) => runner.run(feeds, wanted),
      readState: names => runner.readState(names),
      profile: feeds => runner.profile(feeds),
      release: () => buffers.release(),
    }
  } catch (error) {
    buffers.release()
    throw error
  }
}
