// A graph compiled for WebGPU: everything that does not depend on the data is made once (storage, programs, bind groups),
// so that a run uploads what is new, submits one list of dispatches, and reads back what is asked for.
import type { DeviceFacts } from '../../kernels/gpuKernel.ts'
import { describe } from '../graph.ts'
import type { Graph, ValueInfo } from '../graph.ts'
import type { FeedData, RunResult } from '../session.ts'
import { simplify } from '../simplify.ts'
import { makeCommands } from './commands.ts'
import { chooseHalves, noHalves, type Halves } from './halves.ts'
import type { HalfFormat } from './halfText.ts'
import { lowerGraph, type Lowered } from './lower.ts'
import { PlanBuffers } from './planBuffers.ts'
import { PlanRunner, type TaskTime } from './planRunner.ts'
import { forecastOf, reportOf, type PlanReport } from './planReport.ts'
import { drawSteps, placeSteps, type Drawing } from './planSteps.ts'
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
  /**
   * "f16": activations and constants are stored as halves where that is possible, at half the memory and traffic;
   * arithmetic stays in single precision. Default: single precision everywhere.
   */
  readonly storage?: 'f32' | 'f16'
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
export type DeviceLimits = Pick<GPUDevice, 'limits' | 'features'>

interface Compiled {
  readonly graph: Graph
  readonly lowered: Lowered
  readonly drawing: Drawing
  readonly halves: Halves
  readonly storage: Storage
  readonly resident: ReadonlySet<string>
}

function compile(graph: Graph, device: DeviceLimits, options: PlanOptions): Compiled {
  const { state = {}, resident = [], tiles = 'shared', storage: wanted = 'f32' } = options
  for (const [output, input] of Object.entries(state))
    if (graph.outputs[output] === undefined || graph.inputs[input] === undefined)
      throw new Error(
        `compilePlan: the output '${output}' is to become the input '${input}', but the graph lacks one of them.`,
      )
  const simplified = simplify(graph)
  const lowered = lowerGraph(simplified, state)
  const staying = new Set([...Object.values(state), ...resident])
  const { limits } = device
  const drawing = drawSteps(lowered, { limits, tiles }, wanted === 'f16')
  const halves = wanted === 'f16' ? chooseHalves(lowered, drawing) : noHalves
  const storage = layOut(lowered, staying, halves.owners, {
    alignment: Math.max(256, limits.minStorageBufferOffsetAlignment),
    mostBufferBytes: limits.maxBufferSize,
  })
  return { graph: simplified, lowered, drawing, halves, storage, resident: staying }
}

/** The form that halves take on a device: its own type where it has one. */
function halfFormat({ features }: DeviceLimits): HalfFormat {
  return features.has('shader-f16') ? 'f16' : 'packed'
}

function place(
  { drawing, lowered, storage }: Compiled,
  device: DeviceLimits,
  bufferOf: (place: StoredPlace) => GPUBuffer,
) {
  return placeSteps(drawing, lowered, storage, halfFormat(device), device.limits, bufferOf)
}

/** The bytes that a plan of this graph would take, without allocating any. @throws Error as `compilePlan`. */
export function forecastPlan(graph: Graph, device: DeviceLimits, options: PlanOptions = {}): Forecast {
  const compiled = compile(graph, device, options)
  const { steps } = place(compiled, device, ({ kind }) => ({ label: kind }) as GPUBuffer)
  return forecastOf(compiled.storage, graph, steps, device.limits.minUniformBufferOffsetAlignment)
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
    const { steps, tasks } = place(compiled, device, stored => buffers.of(stored))
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
      report: reportOf(lowered, steps, forecast, compiled.halves),
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
