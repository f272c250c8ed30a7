// The training step on ONNX Runtime: the state goes in and comes out with every run, in arrays of this process.
import { createSession, type FeedData, type Runtime } from '../graph/session.ts'
import {
  flattenState,
  replaceState,
  requireFinite,
  traceStep,
  type StepDefinition,
  type TrainState,
} from './stepGraph.ts'
import type { TrainStep } from './trainStep.ts'

/** As `createTrainStep`. After a step that failed the state is that before it. */
export async function createOnnxStep(
  definition: StepDefinition,
  state: TrainState,
  runtime: Runtime,
): Promise<TrainStep> {
  const { graph, updated, fixed, reports } = traceStep(definition)
  const session = await createSession(graph, runtime)
  let base = state
  let { step } = state
  const valuesOf = ({ groups }: TrainState): Record<string, FeedData> => {
    const values = flattenState(groups)
    return Object.fromEntries([...updated, ...fixed].map(name => [name, values[name]]))
  }
  let current = valuesOf(state)
  return {
    label: runtime.label,
    updated,
    async run(batch, numbers) {
      const scalars = Object.entries(numbers).map(([name, value]) => [name, Float32Array.of(value)] as const)
      const results = await session.run({ ...batch, ...Object.fromEntries(scalars), ...current })
      const reported = Object.fromEntries(reports.map(name => [name, results[name].data[0]]))
      requireFinite(reported, step + 1)
      for (const name of updated) current[name] = results[name].data
      step++
      return reported
    },
    read: () =>
      Promise.resolve({ groups: replaceState(base.groups, current as Record<string, Float32Array>), step }),
    reset(next) {
      base = next
      step = next.step
      current = valuesOf(next)
    },
    release: () => session.release(),
  }
}
