// Measures one case: every entrant once from nothing, its results compared, then rounds in which each runs in turn, so
// that a machine whose speed drifts slows all of them alike.
import type { BenchCase, Values } from '../cases/case.ts'
import { prepareCase, type Entrant, type PreparedCase, type Runner } from '../entrants/entrant.ts'
import { isTiming, type BenchEvent, type CaseResult, type NotRun, type Place } from '../protocol.ts'
import type { Settings, Skip, Timing } from '../protocol.ts'
import { countWork } from './countWork.ts'
import { describeFailure } from './describeFailure.ts'
import { gpuCounters } from './gpuCounters.ts'
import { requireNoError } from './gpuErrors.ts'
import { largestDifference, median, spread } from './statistics.ts'

export interface MeasureOptions {
  readonly place: Place['kind']
  readonly settings: Settings
  /** Entrant → why it is not tried. */
  readonly skip: Readonly<Record<string, Skip>>
  readonly emit: (event: BenchEvent) => Promise<void>
}

interface Started {
  readonly entrant: string
  readonly runner: Runner
  readonly results: Values
  readonly firstMilliseconds: number
  readonly gpuBytes: number
  readonly samples: number[]
  readonly jsSamples: number[]
  spent: number
  dispatches?: number
  /** Where no timed round followed. */
  remark?: string
  failure?: string
}

/** A first run that took this many budgets is its only one. */
const slowestInBudgets = 4

async function start(entrant: Entrant, prepared: PreparedCase, budgetMs: number): Promise<Started> {
  const counters = gpuCounters()
  const before = counters.liveBytes
  counters.peakBytes = before
  const from = performance.now()
  const runner = await entrant.prepare(prepared)
  prepared.alive()
  try {
    counters.dispatches = 0
    const runFrom = performance.now()
    const results = await runner.results()
    const now = performance.now()
    await requireNoError()
    const isSlow = now - runFrom > slowestInBudgets * budgetMs
    return {
      ...{ entrant: entrant.name, runner, results, firstMilliseconds: now - from, spent: now - from },
      ...{ gpuBytes: counters.peakBytes - before, jsSamples: [] },
      samples: isSlow ? [now - runFrom] : [],
      ...(isSlow ? { remark: 'its first run alone, reading back included' } : {}),
      ...(isSlow && counters.dispatches > 0 ? { dispatches: counters.dispatches } : {}),
    }
  } catch (error) {
    await runner.release()
    throw error
  }
}

/** One timed run; a failure ends the entrant's part. */
async function takeTurn(started: Started): Promise<void> {
  const { runner, samples, jsSamples } = started
  const counters = gpuCounters()
  try {
    await runner.ready?.()
    counters.dispatches = 0
    counters.lastSubmitAt = 0
    const from = performance.now()
    await runner.run()
    const elapsed = performance.now() - from
    samples.push(elapsed)
    started.spent += elapsed
    await requireNoError()
    if (counters.lastSubmitAt === 0) return
    jsSamples.push(counters.lastSubmitAt - from)
    started.dispatches = counters.dispatches
  } catch (error) {
    started.failure = describeFailure(error)
  }
}

function summarise(started: Started, reference: Values): Timing | NotRun {
  const { entrant, runner, results, samples, jsSamples, firstMilliseconds, gpuBytes, dispatches } = started
  if (started.failure !== undefined) return { entrant, notRun: started.failure }
  const usesGpu = dispatches !== undefined
  const notes = [runner.note, started.remark].filter(note => note !== undefined)
  return {
    entrant,
    milliseconds: median(samples),
    spread: spread(samples),
    rounds: samples.length,
    ...(usesGpu ? { dispatches, gpuBytes } : {}),
    ...(jsSamples.length > 0 ? { jsMilliseconds: median(jsSamples) } : {}),
    firstMilliseconds,
    difference: largestDifference(results, reference),
    ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
  }
}

export async function measureCase(
  benchCase: BenchCase,
  entrants: readonly Entrant[],
  { place, settings, skip, emit }: MeasureOptions,
): Promise<CaseResult> {
  const { name } = benchCase
  let entrantNow = ''
  const begin = (entrant: string) => {
    entrantNow = entrant
    return emit({ kind: 'attempt', name, entrant })
  }
  await begin('tracing')
  const prepared = prepareCase(benchCase, () => void begin(entrantNow))
  const running: Started[] = []
  const failed: NotRun[] = []
  for (const entrant of entrants) {
    if (entrant.takes?.(benchCase) === false) continue
    if (benchCase.isForProcessor && entrant.runsOn === 'gpu') continue
    if (skip[entrant.name]) {
      failed.push({ entrant: entrant.name, ...skip[entrant.name] })
      continue
    }
    await begin(entrant.name)
    try {
      running.push(await start(entrant, prepared, settings.budgetMs))
    } catch (error) {
      failed.push({ entrant: entrant.name, notRun: describeFailure(error) })
    }
  }
  for (let round = 0; round < settings.rounds; round++)
    for (const started of running) {
      const isOver = started.samples.length > 0 && started.spent > settings.budgetMs
      if (isOver || started.failure !== undefined) continue
      await begin(started.entrant)
      await takeTurn(started)
    }
  // Ours come first in the list of entrants, so that the others are compared with it where it ran.
  const reference = running.at(0)
  const timings: (Timing | NotRun)[] = []
  for (const started of running) {
    const timing = summarise(started, reference!.results)
    const profile = settings.isProfiled && isTiming(timing) ? started.runner.profile : undefined
    if (profile) await begin(started.entrant)
    timings.push(profile ? { ...timing, profile: await profile() } : timing)
  }
  for (const { runner } of running) await runner.release()
  const order = entrants.map(({ name: each }) => each)
  return {
    place,
    name,
    work: countWork(prepared.graph),
    ...(reference ? { reference: reference.entrant } : {}),
    entrants: [...timings, ...failed].sort((a, b) => order.indexOf(a.entrant) - order.indexOf(b.entrant)),
  }
}
