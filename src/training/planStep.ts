// The training step as a WebGPU plan: the state stays on the device and is updated there; a step uploads the batch and a
// few numbers and reads back what it reports.
import { DeviceMemoryError } from '../base/errors.ts'
import type { FeedData } from '../graph/session.ts'
import { compilePlan } from '../graph/webgpu/plan.ts'
import type { PlanReport } from '../graph/webgpu/planReport.ts'
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import {
  flattenState,
  replaceState,
  requireFinite,
  traceStep,
  type StepDefinition,
  type TrainState,
} from './stepGraph.ts'
import type { TrainStep } from './trainStep.ts'

export interface PlanStep extends TrainStep {
  readonly report: PlanReport
}

function explainMemory(error: unknown): never {
  if (!(error instanceof DeviceMemoryError)) throw error
  throw new DeviceMemoryError(
    `A training step of this size does not fit on the GPU: lower the batch or the crop’s size, or choose a smaller preset. (${error.message})`,
  )
}

/** As `createTrainStep`. @throws DeviceMemoryError in a sentence that says what to lower. */
export async function createPlanStep(
  definition: StepDefinition,
  state: TrainState,
  { device, tiles, label }: PlanRuntime,
  onProgress?: (ready: number, total: number) => void,
): Promise<PlanStep> {
  const { graph, updated, fixed, reports } = traceStep(definition, { keepKernels: true })
  const plan = await compilePlan(graph, device, {
    state: Object.fromEntries(updated.map(name => [name, name])),
    resident: fixed,
    ...(tiles ? { tiles } : {}),
    ...(onProgress ? { onProgress } : {}),
  }).catch(explainMemory)
  let base = state
  let { step } = state
  const valuesOf = ({ groups }: TrainState): Record<string, FeedData> => {
    const values = flattenState(groups)
    return Object.fromEntries([...updated, ...fixed].map(name => [name, values[name]]))
  }
  let unsent = valuesOf(state)
  return {
    label,
    updated,
    report: plan.report,
    async run(batch, numbers) {
      const scalars = Object.entries(numbers).map(([name, value]) => [name, Float32Array.of(value)] as const)
      const results = await plan.run({ ...unsent, ...batch, ...Object.fromEntries(scalars) }, reports)
      unsent = {}
      step++
      const reported = Object.fromEntries(reports.map(name => [name, results[name].data[0]]))
      requireFinite(reported, step)
      return reported
    },
    async read() {
      const isUntouched = Object.keys(unsent).length > 0
      const now = isUntouched ? {} : await plan.readState(updated)
      const current = Object.fromEntries(Object.entries(now).map(([name, { data }]) => [name, data]))
      return { groups: replaceState(base.groups, current as Record<string, Float32Array>), step }
    },
    reset(next) {
      base = next
      step = next.step
      unsent = valuesOf(next)
    },
    release: () => Promise.resolve(plan.release()),
  }
}
