// The training loop, the same on every device: the next batch is made while a step runs, the learning rate follows its
// schedule, and the run can be stopped, saved and continued.
import { throwIfCancelled } from '../base/errors.ts'
import { warmupCosine } from './schedules.ts'
import type { Batch, Numbers, TrainStep } from './trainStep.ts'

export interface FitOptions {
  readonly step: TrainStep
  /** Updates made before. */
  readonly from: number
  /** Batch of a step; the same step gives the same batch, so that a continued run sees what it would have seen. */
  readonly batch: (step: number) => Batch
  /** What else the step takes: all its numbers, from the number of the step (0-based) and the learning rate. */
  readonly numbers: (step: number, learningRate: number) => Numbers
  readonly steps: number
  readonly learningRate: number
  readonly warmupSteps: number
  /** Stops after this many seconds, when the schedule is driven by time; Infinity for none. */
  readonly seconds: number
  readonly signal?: AbortSignal
  readonly onStep?: (record: StepRecord) => Promise<void> | void
}

export interface StepRecord {
  readonly step: number
  readonly loss: number
  /** What the step reports beside the loss, such as its parts. */
  readonly parts?: Readonly<Record<string, number>>
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

function learningRateAt(index: number, elapsed: number, options: FitOptions): number {
  const { steps, seconds, warmupSteps } = options
  const position = scheduleProgress(index, steps, elapsed, seconds) * steps
  const warm = Math.max(position, index < warmupSteps ? index + 1 : 0)
  return warmupCosine(warm, options.learningRate, warmupSteps, steps)
}

/** Lets what was asked of a device begin. */
const begin = () => new Promise(resolve => setTimeout(resolve, 0))

/** Trains until `steps` or `seconds` are over. @returns updates made in all. @throws CancelledError; Error as the step. */
export async function fit(options: FitOptions): Promise<number> {
  const { step, from, steps, seconds } = options
  const started = performance.now()
  let next = from < steps ? options.batch(from) : {}
  for (let index = from; index < steps; index++) {
    throwIfCancelled(options.signal, 'The training')
    const at = performance.now()
    const elapsed = (at - started) / 1000
    if (elapsed >= seconds) return index
    const learningRate = learningRateAt(index, elapsed, options)
    const running = step.run(next, options.numbers(index, learningRate))
    await Promise.race([running, begin()])
    if (index + 1 < steps) next = options.batch(index + 1)
    const { loss, ...parts } = await running
    const secondsPerStep = (performance.now() - at) / 1000
    const named = Object.keys(parts).length > 0 ? { parts } : {}
    await options.onStep?.({ step: index, loss, ...named, learningRate, secondsPerStep })
  }
  return Math.max(from, steps)
}
