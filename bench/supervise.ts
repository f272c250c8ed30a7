// Runs a job in a process or page that may crash or hang, and goes on after it: what was measured stays measured, the
// entrant that was at it is tried once more after a crash, and then left out with its reason.
import type { BenchEvent, CaseResult, Growth, Job, Place, Skip } from './protocol.ts'

export interface Launched {
  /** Resolves with how it ended, such as "by SIGSEGV". */
  readonly ended: Promise<string>
  stop(): void
}

export type Launch = (job: Job, onEvent: (event: BenchEvent) => void) => Promise<Launched>

export interface Limits {
  /** The longest silence. */
  readonly attemptMs: number
  /** performance.now() at which the rest is left out. */
  readonly deadline: number
}

export interface Supervised {
  place?: Place
  readonly results: CaseResult[]
  readonly growths: Growth[]
  /** Sentences about what was not measured. */
  readonly remarks: string[]
}

interface Attempt {
  readonly name: string
  readonly entrant: string
}

class Supervision {
  readonly outcome: Supervised = { results: [], growths: [], remarks: [] }
  readonly done: string[] = []
  readonly skip: Record<string, Record<string, Skip>> = {}
  hasEnded = false
  attempt: Attempt = { name: 'start', entrant: 'all' }
  private names: readonly string[] = []
  private readonly crashes = new Map<string, number>()

  constructor(
    private readonly what: string,
    private readonly say: (line: string) => void,
  ) {}

  take(event: BenchEvent): void {
    if (event.kind === 'cases') this.names = event.names
    if (event.kind === 'attempt') this.begin(event)
    if (event.kind === 'place') {
      this.outcome.place = event.place
      if (event.place.copyGBs !== undefined) this.done.push('calibration')
    }
    if (event.kind === 'result') {
      this.outcome.results.push(event.result)
      this.done.push(event.result.name)
    }
    if (event.kind === 'growth') {
      this.outcome.growths.push(event.growth)
      this.done.push(event.name)
    }
    if (event.kind === 'failed') this.giveUp(event.why)
    if (event.kind === 'end') this.hasEnded = true
  }

  private begin(attempt: Attempt): void {
    if (attempt.name !== this.attempt.name) this.say(`${this.what}: ${attempt.name}`)
    this.attempt = attempt
  }

  giveUp(why: string): void {
    this.outcome.remarks.push(`${this.what}: not run: ${why}`)
    this.hasEnded = true
  }

  /** What is left when the time is over. */
  leaveRest(): void {
    const left = this.names.filter(name => !this.done.includes(name))
    if (left.length > 0)
      this.outcome.remarks.push(`${this.what}: not run: the time is over: ${left.join('; ')}`)
    this.hasEnded = true
  }

  /** After an end that was not announced. @param silenceMs it was stopped after so long a silence; absent: it crashed */
  recover(ending: string, silenceMs?: number): void {
    const { name, entrant } = this.attempt
    const key = `${name}\n${entrant}`
    const crashes = (this.crashes.get(key) ?? 0) + 1
    this.crashes.set(key, crashes)
    if (silenceMs === undefined && crashes === 1) {
      this.say(`${this.what}: ended ${ending} at '${name}' (${entrant}); tried once more`)
      return
    }
    const isWhole = ['all', 'copying', 'tracing', 'ours'].includes(entrant) && name !== 'start'
    if (name === 'start') this.giveUp(`ended ${ending} before the first case`)
    else if (isWhole) {
      this.outcome.remarks.push(`${this.what}: ${name}: not run: ended ${ending}`)
      this.done.push(name)
    } else {
      const skip: Skip = {
        notRun: `ended ${ending}`,
        ...(silenceMs === undefined ? {} : { atLeastMilliseconds: silenceMs }),
      }
      this.skip[name] = { ...this.skip[name], [entrant]: skip }
    }
  }
}

/** Runs `job` to its end. @param what "Node" or "page", for the remarks */
export async function supervise(
  what: string,
  launch: Launch,
  job: Omit<Job, 'done' | 'skip'>,
  { attemptMs, deadline }: Limits,
  say: (line: string) => void,
): Promise<Supervised> {
  const state = new Supervision(what, say)
  while (!state.hasEnded) {
    let stopped: 'silence' | 'deadline' | undefined
    let lastEventAt = performance.now()
    const launched = await launch({ ...job, done: state.done, skip: state.skip }, event => {
      lastEventAt = performance.now()
      if (!stopped) state.take(event)
    })
    const watch = setInterval(() => {
      const now = performance.now()
      if (now > deadline) stopped = 'deadline'
      else if (now - lastEventAt > attemptMs) stopped = 'silence'
      if (stopped) launched.stop()
    }, 200)
    const ending = await launched.ended
    clearInterval(watch)
    if (state.hasEnded) break
    if (stopped === 'deadline') state.leaveRest()
    else if (stopped) state.recover(`after ${Math.round(attemptMs / 1000)} s without a result`, attemptMs)
    else state.recover(ending)
  }
  return state.outcome
}
