// Pause, resume, save and stop, asked for from outside while a run is between two updates.

export type RunStatus = 'running' | 'paused' | 'stopped'

export class RunControl {
  private state: RunStatus = 'running'
  private wake: (() => void) | undefined
  private isSaveWanted = false

  /** `onRest`: the run is saved and rests until it is resumed or stopped. */
  constructor(private readonly onRest: () => void = () => undefined) {}

  get status(): RunStatus {
    return this.state
  }

  /** The run rests after the update in progress. */
  pause(): void {
    if (this.state === 'running') this.state = 'paused'
  }

  resume(): void {
    if (this.state !== 'paused') return
    this.state = 'running'
    this.wake?.()
  }

  /** The run saves after the update in progress and goes on. */
  save(): void {
    this.isSaveWanted = true
  }

  /** Whether a save was asked for since the last call. */
  takeSave(): boolean {
    const isWanted = this.isSaveWanted
    this.isSaveWanted = false
    return isWanted
  }

  /** The run saves after the update in progress and ends. */
  stop(): void {
    this.state = 'stopped'
    this.wake?.()
  }

  /** Comes back when the run may go on or must end; `onPause` is awaited before it rests. @returns whether to go on. */
  async gate(onPause: () => Promise<void>): Promise<boolean> {
    if (this.state === 'paused') {
      await onPause()
      if ((this.state as RunStatus) === 'paused') this.onRest()
      // Asked again: during the save the run may have been resumed or stopped.
      while ((this.state as RunStatus) === 'paused')
        await new Promise<void>(resolve => {
          this.wake = resolve
        })
    }
    return (this.state as RunStatus) !== 'stopped'
  }
}
