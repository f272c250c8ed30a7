// The record of where a run is computed: a stretch for each start, continuation and change of device.
import { describeChange, type Environment, type Session } from './environment.ts'

export interface WhereaboutsOptions {
  /** Where the updates are computed, by the label of the place that opened. */
  readonly environment: (label: string) => Environment
  readonly onNotice: ((notice: string) => void) | undefined
  /** Stretches of the run before. */
  readonly sessions: readonly Session[]
  /** What computes now, and what it has said so far. */
  readonly place: { readonly label: string; readonly notices: readonly string[] }
  /** Keeps the stretches with the run. */
  readonly write: (sessions: readonly Session[]) => Promise<void>
}

/** Keeps the record of where a run is computed, and says what there is to say about it. */
export class Whereabouts {
  private said = 0
  private sessions: readonly Session[]

  constructor(private readonly options: WhereaboutsOptions) {
    this.sessions = options.sessions
  }

  /** A stretch of the run begins at `step`. */
  async begin(step: number): Promise<void> {
    const { environment, onNotice, place, write } = this.options
    const now = environment(place.label)
    const before = this.sessions.at(-1)
    const change = before && describeChange(before.environment, now)
    this.sessions = [...this.sessions, { fromStep: step, environment: now }]
    await write(this.sessions)
    if (change) onNotice?.(change)
  }

  /** Passes on what a lost device had to say; update `step` was made elsewhere then. */
  async follow(step: number): Promise<void> {
    const fresh = this.options.place.notices.slice(this.said)
    if (fresh.length === 0) return
    this.said += fresh.length
    fresh.forEach(notice => this.options.onNotice?.(notice))
    await this.begin(step)
  }
}
