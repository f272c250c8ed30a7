// The training step as a WebGPU plan: parameters and moments stay on the device and are updated in place; a step uploads
// the batch and three numbers and reads back the loss.
import type { FeedData } from '../graph/session.ts'
import { compilePlan } from '../graph/webgpu/plan.ts'
import type { PlanReport } from '../graph/webgpu/planReport.ts'
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import type { ParameterValues } from '../network/parameters.ts'
import { biasCorrections, defaultAdamW } from './optimiser.ts'
import { requireFiniteLoss, traceTrainStep, type OptimiserState, type TrainStepOptions } from './trainStep.ts'

export interface ResidentTrainStep {
  /** Names of the parameters that are updated. */
  readonly trained: readonly string[]
  readonly report: PlanReport
  /** One update of the state on the device. @returns the loss before it. @throws Error when it is not finite. */
  run(batch: Readonly<Record<string, FeedData>>, learningRate: number): Promise<number>
  /** Writes the device's state into the arrays of a new OptimiserState, for a checkpoint or evaluation. */
  read(): Promise<OptimiserState>
  release(): void
}

const prefixes = ['p', 'm', 'v'] as const

/** Compiles the step for a device and uploads `state`, which is not changed afterwards. */
export async function createResidentTrainStep(
  options: TrainStepOptions,
  state: OptimiserState,
  { device, tiles }: PlanRuntime,
  onProgress?: (ready: number, total: number) => void,
): Promise<ResidentTrainStep> {
  const adamW = options.adamW ?? defaultAdamW
  const { graph, trained } = traceTrainStep(options, { keepKernels: true })
  const updated = prefixes.flatMap(prefix => trained.map(name => `${prefix}.${name}`))
  const frozen = Object.keys(options.shapes).filter(name => !trained.includes(name))
  const plan = await compilePlan(graph, device, {
    state: Object.fromEntries(updated.map(name => [name, name])),
    resident: frozen.map(name => `p.${name}`),
    ...(tiles ? { tiles } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
  const groups = { p: state.parameters, m: state.m, v: state.v }
  const start = Object.fromEntries(
    prefixes.flatMap(prefix =>
      [...trained, ...(prefix === 'p' ? frozen : [])].map(name => [
        `${prefix}.${name}`,
        groups[prefix][name],
      ]),
    ),
  )
  let unsent: Record<string, FeedData> = start
  let step = state.step
  return {
    trained,
    report: plan.report,
    async run(batch, learningRate) {
      const [correction1, correction2] = biasCorrections(step + 1, adamW)
      const numbers = { learningRate, correction1, correction2 }
      const scalars = Object.entries(numbers).map(([name, value]) => [name, Float32Array.of(value)] as const)
      const { loss } = await plan.run({ ...unsent, ...batch, ...Object.fromEntries(scalars) }, ['loss'])
      unsent = {}
      step++
      requireFiniteLoss(loss.data[0], step)
      return loss.data[0]
    },
    async read() {
      const now = Object.keys(unsent).length > 0 ? undefined : await plan.readState(updated)
      const group = (prefix: (typeof prefixes)[number]): ParameterValues => {
        const read = trained.map(name => [name, now?.[`${prefix}.${name}`].data ?? groups[prefix][name]])
        return { ...groups[prefix], ...(Object.fromEntries(read) as ParameterValues) }
      }
      return { parameters: group('p'), m: group('m'), v: group('v'), step }
    },
    release: () => plan.release(),
  }
}
