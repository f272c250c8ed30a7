import { describe, expect, it } from 'vitest'
import type { BenchEvent, Job } from './protocol.ts'
import { supervise, type Launch } from './supervise.ts'

const job = {
  settings: { level: 'quick', rounds: 1, budgetMs: 1, isProfiled: false },
  only: '',
  entrants: '',
} as const
const limits = { attemptMs: 60_000, deadline: Infinity }
const result = (name: string): BenchEvent => ({
  kind: 'result',
  result: { place: 'node', name, work: { flops: 1, bytes: 1 }, entrants: [] },
})
const attempt = (name: string, entrant: string): BenchEvent => ({ kind: 'attempt', name, entrant })
const cases: BenchEvent = { kind: 'cases', names: ['first', 'second'] }

/** A process for each list: it sends its events and ends; the jobs that it was given are kept. */
function scripted(scripts: readonly (readonly BenchEvent[])[]): { launch: Launch; jobs: Job[] } {
  const jobs: Job[] = []
  const launch: Launch = (given, onEvent) => {
    const events = scripts[jobs.length] ?? []
    jobs.push(structuredClone(given))
    events.forEach(onEvent)
    return Promise.resolve({ ended: Promise.resolve('by SIGSEGV'), stop: () => undefined })
  }
  return { launch, jobs }
}

describe('supervise', () => {
  it('keeps what was measured, tries the crashed entrant once more, and then leaves it out', async () => {
    const crash = [cases, attempt('second', 'peer')]
    const { launch, jobs } = scripted([
      [cases, result('first'), attempt('second', 'peer')],
      crash,
      [cases, result('second'), { kind: 'end' }],
    ])
    const { results, remarks } = await supervise('Node', launch, job, limits, () => undefined)
    expect(results.map(({ name }) => name)).toEqual(['first', 'second'])
    expect(remarks).toEqual([])
    expect(jobs.map(({ done, skip }) => ({ done, skip }))).toEqual([
      { done: [], skip: {} },
      { done: ['first'], skip: {} },
      { done: ['first'], skip: { second: { peer: { notRun: 'ended by SIGSEGV' } } } },
    ])
  })

  it('remembers how long an entrant that was stopped had been waited for', async () => {
    const jobs: Job[] = []
    const launch: Launch = (given, onEvent) => {
      jobs.push(structuredClone(given))
      if (jobs.length > 1) {
        ;[cases, result('first'), result('second'), { kind: 'end' } as const].forEach(onEvent)
        return Promise.resolve({ ended: Promise.resolve('with code 0'), stop: () => undefined })
      }
      ;[cases, attempt('first', 'peer')].forEach(onEvent)
      let stop: () => void = () => undefined
      const ended = new Promise<string>(resolve => (stop = () => resolve('by SIGKILL')))
      return Promise.resolve({ ended, stop: () => stop() })
    }
    await supervise('Node', launch, job, { attemptMs: 1, deadline: Infinity }, () => undefined)
    expect(jobs[1].skip).toEqual({
      first: { peer: { notRun: 'ended after 0 s without a result', atLeastMilliseconds: 1 } },
    })
  })

  it('says in one line that nothing could be measured', async () => {
    const { launch } = scripted([[{ kind: 'failed', why: 'no adapter' }]])
    const { results, remarks } = await supervise('Page', launch, job, limits, () => undefined)
    expect(results).toEqual([])
    expect(remarks).toEqual(['Page: not run: no adapter'])
  })

  it('names the cases that a deadline leaves out, and stops what is running', async () => {
    let stop: () => void = () => undefined
    const launch: Launch = (_, onEvent) => {
      ;[cases, result('first')].forEach(onEvent)
      const ended = new Promise<string>(resolve => (stop = () => resolve('by SIGKILL')))
      return Promise.resolve({ ended, stop: () => stop() })
    }
    const past = { attemptMs: 60_000, deadline: 0 }
    const { results, remarks } = await supervise('Node', launch, job, past, () => undefined)
    expect(results).toHaveLength(1)
    expect(remarks).toEqual(['Node: not run: the time is over: second'])
  })
})
