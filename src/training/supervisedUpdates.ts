// A supervised step as the updates of a run: the next batch is made while a step computes, the learning rate follows its
// schedule by steps, or by the clock where that ends first.
import { PassRunner } from './run/passes.ts'
import type { Updates } from './run/performRun.ts'
import { warmupCosine } from './schedules.ts'
import type { SteadyStep } from './steadyStep.ts'
import { flattenState, type StepDefinition } from './stepGraph.ts'
import type { Batch, Numbers } from './trainStep.ts'

export interface SupervisedRun {
  readonly step: SteadyStep
  readonly shapes: StepDefinition['state']
  /** Batch of a step; the same step gives the same batch, so that a continued run sees what it would have seen. */
  readonly batch: (step: number) => Batch
  /** All numbers of a step, from its number (0-based) and the learning rate. */
  readonly numbers: (step: number, learningRate: number) => Numbers
  readonly steps: number
  readonly learningRate: number
  readonly warmupSteps: number
  /** Ends after this many seconds, with the schedule at its end; Infinity for none. */
  readonly seconds: number
}

export interface SupervisedFigures {
  readonly loss: number
  /** What the step reports beside the loss, such as its parts. */
  readonly parts?: Readonly<Record<string, number>>
  readonly learningRate: number
}

/**
 * Position in the schedule, 0…1: by steps, or by the clock when that ends first, so that a run with a time budget
 * still reaches the low learning rates that make its end good.
 */
function scheduleProgress(step: number, steps: number, elapsed: number, seconds: number): number {
  return Math.min(1, Math.max(step / steps, seconds === Infinity ? 0 : elapsed / seconds))
}

function learningRateAt(index: number, elapsed: number, run: SupervisedRun): number {
  const { steps, seconds, warmupSteps } = run
  const position = scheduleProgress(index, steps, elapsed, seconds) * steps
  const warm = Math.max(position, index < warmupSteps ? index + 1 : 0)
  return warmupCosine(warm, run.learningRate, warmupSteps, steps)
}

/** The updates of `run`; its clock starts now. With a time budget a run that is continued is not the same run. */
export function supervisedUpdates(run: SupervisedRun): Updates<SupervisedFigures> {
  const { step, steps, seconds } = run
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1000
  const runner = new PassRunner(step, index => Promise.resolve(run.batch(index)), steps)
  return {
    shapes: flattenState(run.shapes),
    steps,
    // Those that the clock leaves no time for are not made.
    isOver: () => elapsed() >= seconds,
    async advance(index) {
      const learningRate = learningRateAt(index, elapsed(), run)
      const { loss, ...parts } = await runner.run(index, run.numbers(index, learningRate))
      return { loss, ...(Object.keys(parts).length > 0 && { parts }), learningRate }
    },
    read: async () => flattenState((await step.read()).groups),
  }
}
