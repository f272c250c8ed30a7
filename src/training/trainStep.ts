// A training step on a device, whichever: its state stays there from step to step and is read back for checkpoints and
// evaluation.
import type { FeedData, Runtime } from '../graph/session.ts'
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import { createOnnxStep } from './onnxStep.ts'
import { createPlanStep } from './planStep.ts'
import type { StepDefinition, TrainState } from './stepGraph.ts'

export type Batch = Readonly<Record<string, FeedData>>
export type Numbers = Readonly<Record<string, number>>

export interface TrainStep {
  /** Where it runs, for people. */
  readonly label: string
  /** GROUP.NAME of the state that a step replaces. */
  readonly updated: readonly string[]
  /**
   * One update of the state, and what the step reports of it: `loss` and its parts are those before the update.
   * @throws Error when a report is not finite.
   */
  run(batch: Batch, numbers: Numbers): Promise<Record<string, number>>
  /** The state as it is now; the arrays are not to be changed. */
  read(): Promise<TrainState>
  /** Goes on from another state of the same shapes, which is not changed: the next fold of a run. */
  reset(state: TrainState): void
  release(): Promise<void>
}

/** Compiles the step for a device, from `state` on, which is not changed. @throws Error as `traceStep` and `compilePlan`. */
export function createTrainStep(
  definition: StepDefinition,
  state: TrainState,
  runtime: Runtime | PlanRuntime,
): Promise<TrainStep> {
  return runtime.kind === 'plan'
    ? createPlanStep(definition, state, runtime)
    : createOnnxStep(definition, state, runtime)
}
