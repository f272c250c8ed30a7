// A small tensor program of the lab on whatever device there is: compiled for the GPU and believed once it gave what the CPU
// gives for the same input, or compiled for the CPU. One that fails on the GPU goes on there.
import type * as tf from '@tensorflow/tfjs-core'
import { InputError } from '../base/errors.ts'
import type { FeedData, RunResult, Session } from '../graph/session.ts'
import { createSession } from '../graph/session.ts'
import { bindInputs } from '../graph/simplify.ts'
import { traceGraph, type InputSpec } from '../graph/trace.ts'
import { compilePlan, type Plan } from '../graph/webgpu/plan.ts'
import type { ModelRuntime } from '../prediction/openNetwork.ts'
import type { ModelPlaces } from '../prediction/steadyModel.ts'
import type { Parameter } from '../prediction/weights.ts'

type Tensors = Record<string, tf.Tensor>

export interface LabProgram {
  /** What is fed at each run. */
  readonly inputs: Readonly<Record<string, InputSpec>>
  /** Weights, bound once, under their SPEC names. */
  readonly parameters: Readonly<Record<string, Parameter>>
  /** Plain tfjs; what depends on data must be an input. */
  readonly compute: (inputs: Tensors, parameters: Tensors) => Tensors
}

export type Results = Record<string, RunResult>
type Feeds = Readonly<Record<string, FeedData>>

export interface SteadyProgram {
  run(feeds: Feeds): Promise<Results>
  /** Where it runs now, for people. */
  readonly label: string
  /** Why not on the GPU, where there is one; in sentences. */
  readonly notices: readonly string[]
  release(): Promise<void>
}

interface Place {
  readonly session: Session | Plan
  readonly label: string
  readonly isGpu: boolean
}

/** Largest difference from the CPU's values that is rounding, as a share of the largest of them. */
const largestDifference = 0.005

async function open(program: LabProgram, runtime: ModelRuntime): Promise<Place> {
  const { inputs, parameters, compute } = program
  const prefix = 'parameter '
  const specs = Object.entries(parameters).map(([name, { shape }]) => [
    prefix + name,
    { shape, dtype: 'float32' as const },
  ])
  const graph = traceGraph(
    tensors => {
      const fed: Tensors = {}
      const weights: Tensors = {}
      for (const [name, tensor] of Object.entries(tensors))
        if (name.startsWith(prefix)) weights[name.slice(prefix.length)] = tensor
        else fed[name] = tensor
      return compute(fed, weights)
    },
    { ...inputs, ...Object.fromEntries(specs) },
    { keepKernels: runtime.kind === 'plan' },
  )
  const values = Object.entries(parameters).map(([name, { data }]) => [prefix + name, data])
  const bound = bindInputs(graph, Object.fromEntries(values) as Record<string, Float32Array>)
  if (runtime.kind === 'onnx')
    return { session: await createSession(bound, runtime), label: runtime.label, isGpu: false }
  const { device, tiles, label } = runtime
  return { session: await compilePlan(bound, device, tiles ? { tiles } : {}), label, isGpu: true }
}

/** Largest difference as a share of the largest reference value; NaN when one is no number. */
function disagreement(results: Results, reference: Results): number {
  let worst = 0
  for (const [name, { data }] of Object.entries(reference)) {
    const other = results[name].data
    let largest = 0
    let difference = 0
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(other[i])) return NaN
      largest = Math.max(largest, Math.abs(data[i]))
      difference = Math.max(difference, Math.abs(data[i] - other[i]))
    }
    if (largest > 0) worst = Math.max(worst, difference / largest)
  }
  return worst
}

/** @throws Error in a sentence when a result is no finite number: nothing of it is shown. */
function requireFinite(results: Results): Results {
  for (const { data } of Object.values(results))
    if (!data.every(Number.isFinite))
      throw new Error('The network gave a value that is no number: nothing is shown. Try another region.')
  return results
}

/** Opens a program where it can run. @throws InputError when the weights lack a parameter. */
export async function openSteadyProgram(program: LabProgram, places: ModelPlaces): Promise<SteadyProgram> {
  const notices: string[] = []
  const openCpu = (why: string) => open(program, places.openCpu(why))
  const leaveGpu = async (error: unknown, label = 'The GPU'): Promise<Place> => {
    if (error instanceof InputError) throw error
    const why = error instanceof Error ? error.message : String(error)
    notices.push(`${label} is not used here: ${why}`)
    return openCpu('the GPU is not used')
  }
  const openGpu = async () => {
    const runtime = await places.openGpu()
    return runtime && open(program, runtime)
  }
  let place: Place = await openGpu().then(found => found ?? openCpu('no GPU found'), leaveGpu)
  let isCompared = !place.isGpu

  async function compare(results: Results, feeds: Feeds): Promise<Results> {
    const cpu = await openCpu('for comparison')
    const reference = await cpu.session.run(feeds)
    const difference = disagreement(results, reference)
    isCompared = true
    if (difference <= largestDifference) {
      await cpu.session.release()
      return results
    }
    notices.push(
      `The GPU is not used here: its values differ from the CPU’s by ${(100 * difference).toFixed(1)} % of the largest, where ${100 * largestDifference} % is rounding.`,
    )
    void place.session.release()
    place = { ...cpu, label: places.openCpu('the GPU is not used').label }
    return reference
  }

  return {
    get label() {
      return place.label
    },
    notices,
    async run(feeds) {
      if (!place.isGpu) return requireFinite(await place.session.run(feeds))
      try {
        const results = await place.session.run(feeds)
        return requireFinite(isCompared ? results : await compare(results, feeds))
      } catch (error) {
        if (!place.isGpu) throw error
        place = await leaveGpu(error, place.label)
        return requireFinite(await place.session.run(feeds))
      }
    },
    release: async () => place.session.release(),
  }
}
