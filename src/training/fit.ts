// The training loop: batches come in while the step runs, the learning rate follows its schedule, averaged weights are
// kept for evaluation, and the run can be stopped, saved and continued.
import { throwIfCancelled } from '../base/errors.ts'
import type { FeedData } from '../graph/session.ts'
import type { ParameterValues } from '../network/parameters.ts'
import { warmupCosine } from './schedules.ts'
import type { OptimiserState, TrainStep } from './trainStep.ts'

export interface FitOptions {
  readonly step: TrainStep
  readonly state: OptimiserState
  /** Averaged weights, updated in place. */
  readonly averaged: ParameterValues
  /** Batch of a step; the same step gives the same batch, so that a continued run sees what it would have seen. */
  readonly batch: (step: number) => Readonly<Record<string, FeedData>>
  readonly steps: number
  readonly learningRate: number
  readonly warmupSteps: number
  /** Momentum of the averaged weights. */
  readonly averaging: number
  /** Stops after this many seconds, when the schedule is driven by time; Infinity for none. */
  readonly seconds: number
  readonly signal?: AbortSignal
  readonly onStep?: (record: StepRecord) => Promise<void> | void
}

export interface StepRecord {
  readonly step: number
  readonly loss: number
  readonly learningRate: number
  readonly secondsPerStep: number
}

/**
 * Position in the schedule, 0…1: by steps, or by the clock when that ends first, so that a run with a time budget
 * still reaches the low learning rates that make its end good.
 */
function scheduleProgress(step: number, steps: number, elapsed: number, seconds: number): number {
  return Math.min(1, Math.max(step / steps, seconds === Infinity ? 0 : elapsed / seconds))
}

/** Trains until `steps` or `seconds` are over. @throws CancelledError; Error when the loss is not finite. */
export async function fit(options: FitOptions): Promise<void> {
  const { step, state, steps, seconds } = options
  const started = performance.now()
  let next = options.batch(state.step)
  while (state.step < steps) {
    throwIfCancelled(options.signal, 'The training')
    const at = performance.now()
    const elapsed = (at - started) / 1000
    if (elapsed >= seconds) return
    const position = scheduleProgress(state.step, steps, elapsed, seconds) * steps
    const learningRate = warmupCosine(
      Math.max(position, state.step < options.warmupSteps ? state.step + 1 : 0),
      options.learningRate,
      options.warmupSteps,
      steps,
    )
    const index = state.step
    const running = step.run(state, next, learningRate)
    // The runtime computes on its own threads: the next batch is made meanwhile.
    if (index + 1 < steps) next = options.batch(index + 1)
    const loss = await running
    averageWeights(options.averaged, state.parameters, step.trained, options.averaging, index)
    await options.onStep?.({
      step: index,
      loss,
      learningRate,
      secondsPerStep: (performance.now() - at) / 1000,
    })
  }
}

/** Exponential average, shorter at the beginning so that the random start is forgotten. */
function averageWeights(
  averaged: ParameterValues,
  current: ParameterValues,
  names: readonly string[],
  momentum: number,
  step: number,
): void {
  const keep = Math.min(momentum, (1 + step) / (10 + step))
  for (const name of names) {
    const [mean, values] = [averaged[name], current[name]]
    for (let i = 0; i < mean.length; i++) mean[i] += (1 - keep) * (values[i] - mean[i])
  }
}
