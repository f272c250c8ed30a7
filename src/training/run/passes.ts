// The passes of a run on a device: the next batch is made while a pass computes.
import type { SteadyStep } from '../steadyStep.ts'
import type { Batch, Numbers } from '../trainStep.ts'

/** Lets what was asked of a device begin: it computes from the next turn of the event loop on. */
const begin = () => new Promise(resolve => setTimeout(resolve, 0))

export class PassRunner {
  private next: { readonly pass: number; readonly inputs: Promise<Batch> } | undefined

  /** `inputsOf` gives the batch of a pass (0-based, of the whole run); `passes` of them make the run. */
  constructor(
    private readonly step: Pick<SteadyStep, 'run'>,
    private readonly inputsOf: (pass: number) => Promise<Batch>,
    private readonly passes: number,
  ) {}

  async run(pass: number, numbers: Numbers): Promise<Record<string, number>> {
    const inputs = this.next?.pass === pass ? this.next.inputs : this.inputsOf(pass)
    const running = this.step.run(await inputs, numbers)
    await Promise.race([running, begin()])
    const following = pass + 1
    this.next = following < this.passes ? { pass: following, inputs: this.inputsOf(following) } : undefined
    // A failure shows when the pass is taken, not as a rejection that nobody awaits.
    this.next?.inputs.catch(() => undefined)
    return running
  }
}
