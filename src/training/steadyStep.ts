// A training step that outlives its device. Now and then it copies the state to the host; when a GPU is lost, it is
// opened again and the steps since the last copy are repeated, with the same batches and numbers, so that the run ends
// where it would have ended; when it fails again before the next copy, the CPU goes on.
import { DeviceMemoryError, InputError } from '../base/errors.ts'
import type { Runtime } from '../graph/session.ts'
import type { PlanRuntime } from '../graph/webgpu/runtime.ts'
import { DivergenceError, type StepDefinition, type TrainState } from './stepGraph.ts'
import { createTrainStep, type Batch, type Numbers, type TrainStep } from './trainStep.ts'

export interface TrainPlaces {
  /** A GPU, opened anew at each call; undefined where there is none worth using. */
  openGpu(): Promise<Runtime | PlanRuntime | undefined>
  /** The CPU; `why` says for people why it is not the GPU. */
  openCpu(why: string): Promise<Runtime>
}

export interface SteadyStepOptions {
  readonly definition: StepDefinition
  readonly state: TrainState
  readonly places: TrainPlaces
  /** The batch of a step (0-based), the same at each call: for steps that are repeated. */
  readonly batch: (step: number) => Batch | Promise<Batch>
  /** Most steps that may have to be repeated. */
  readonly stepsKept?: number
}

export interface SteadyStep extends TrainStep {
  /** What there is to say about where it runs. */
  readonly notices: readonly string[]
}

interface Place {
  readonly step: TrainStep
  readonly isGpu: boolean
}

const sentenceOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

class Keeper {
  readonly notices: string[] = []
  place!: Place
  private kept: TrainState
  /** Numbers of the steps since `kept`. */
  private since: Numbers[] = []
  private isReopened = false

  constructor(private readonly options: SteadyStepOptions) {
    this.kept = options.state
  }

  async open(): Promise<void> {
    const gpu = await this.openGpu().catch((error: unknown) => {
      // Another batch or crop would be another run: that is the user's to choose.
      if (error instanceof DeviceMemoryError || error instanceof InputError) throw error
      this.notices.push(`The GPU is not used: ${sentenceOf(error)}`)
      return undefined
    })
    this.place = gpu ?? (await this.openCpu(this.notices.length > 0 ? 'the GPU is not used' : 'no GPU found'))
  }

  async run(batch: Batch, numbers: Numbers): Promise<Record<string, number>> {
    const reports = await this.insist(step => step.run(batch, numbers))
    if (!this.place.isGpu) return reports
    this.since.push(numbers)
    if (this.since.length >= (this.options.stepsKept ?? 50)) await this.read()
    return reports
  }

  async read(): Promise<TrainState> {
    const state = await this.insist(step => step.read())
    this.kept = state
    this.since = []
    this.isReopened = false
    return state
  }

  reset(state: TrainState): void {
    this.kept = state
    this.since = []
    this.isReopened = false
    this.place.step.reset(state)
  }

  /** Does `work` on the step, on another opening of it when the GPU fails. */
  private async insist<T>(work: (step: TrainStep) => Promise<T>): Promise<T> {
    let failed: unknown
    for (;;) {
      try {
        if (failed !== undefined) await this.replace(failed)
        return await work(this.place.step)
      } catch (error) {
        if (!this.place.isGpu || error instanceof DivergenceError) throw error
        failed = error
      }
    }
  }

  /** Opens another place with the state that was kept, and repeats the steps since. */
  private async replace(failure: unknown): Promise<void> {
    await this.place.step.release().catch(() => undefined)
    const isFirst = !this.isReopened
    this.isReopened = true
    const again = isFirst ? await this.openGpu().catch(() => undefined) : undefined
    this.place = again ?? (await this.openCpu('the GPU failed'))
    const repeated = `the ${this.since.length} steps since the last copy of the state are repeated`
    this.notices.push(
      again
        ? `The GPU was lost and has been started again; ${repeated}. (${sentenceOf(failure)})`
        : `The GPU failed; ${repeated} on the CPU, where the run goes on. (${sentenceOf(failure)})`,
    )
    for (const [at, numbers] of this.since.entries())
      await this.place.step.run(await this.options.batch(this.kept.step + at), numbers)
  }

  private async openGpu(): Promise<Place | undefined> {
    const runtime = await this.options.places.openGpu()
    return runtime && { step: await this.create(runtime), isGpu: true }
  }

  private async openCpu(why: string): Promise<Place> {
    return { step: await this.create(await this.options.places.openCpu(why)), isGpu: false }
  }

  private create(runtime: Runtime | PlanRuntime): Promise<TrainStep> {
    return createTrainStep(this.options.definition, this.kept, runtime)
  }
}

/**
 * Opens a step where it can run: on a GPU, or on the CPU.
 * @throws DeviceMemoryError when the GPU cannot hold it; InputError as `openGpu`; Error when not even the CPU can run it.
 */
export async function openSteadyStep(options: SteadyStepOptions): Promise<SteadyStep> {
  const keeper = new Keeper(options)
  await keeper.open()
  return {
    notices: keeper.notices,
    updated: keeper.place.step.updated,
    get label() {
      return keeper.place.step.label
    },
    run: (batch, numbers) => keeper.run(batch, numbers),
    read: () => keeper.read(),
    reset: state => keeper.reset(state),
    release: () => keeper.place.step.release(),
  }
}
