import { afterEach, expect, it, vi } from 'vitest'
import { memoryStorage } from './pretrain/testSupport.ts'
import { loadState } from './run/checkpoint.ts'
import { RunControl } from './run/control.ts'
import { readHistory, type HistoryRow } from './run/history.ts'
import { performRun } from './run/performRun.ts'
import type { RunStorage } from './run/storage.ts'
import type { SteadyStep } from './steadyStep.ts'
import { supervisedUpdates, type SupervisedFigures } from './supervisedUpdates.ts'

afterEach(() => vi.restoreAllMocks())

const shapes = { parameters: { count: [1] } }

/** A run with a budget of so many seconds whose every update takes one second of the clock and counts itself. */
function runFor(storage: RunStorage, seconds: number, from: number, count: number) {
  let clock = 0
  vi.spyOn(performance, 'now').mockImplementation(() => clock)
  const made: number[] = []
  const step = {
    run() {
      clock += 1000
      count++
      return Promise.resolve({ loss: count })
    },
    read: () => Promise.resolve({ step: count, groups: { parameters: { count: Float32Array.of(count) } } }),
  } as unknown as SteadyStep
  const updates = supervisedUpdates({
    ...{ step, shapes, batch: () => ({}), seconds, steps: 1000, learningRate: 1, warmupSteps: 2 },
    numbers: index => {
      made.push(index)
      return {}
    },
  })
  const run = { storage, from, saveEvery: 50, control: new RunControl() }
  return performRun(updates, run).then(end => ({ end, made, seconds: clock / 1000 }))
}

it('a run with a time budget ends within an update of it, saved, and is continued by the next budget', async () => {
  const { storage } = memoryStorage()
  const first = await runFor(storage, 6.5, 0, 0)
  expect(first).toEqual({ end: 'finished', made: [0, 1, 2, 3, 4, 5, 6], seconds: 7 })
  const saved = await loadState(storage, { 'parameters.count': [1] })
  expect(saved).toEqual({ step: 7, tensors: { 'parameters.count': Float32Array.of(7) } })
  // The schedule is at its end when the time is: the first updates warm up, the last one hardly moves.
  const rates = (await readHistory<HistoryRow & SupervisedFigures>(storage)).map(
    ({ learningRate }) => learningRate,
  )
  expect(rates[1]).toBeGreaterThan(0.9)
  expect(rates.at(-1)).toBeLessThan(0.1)

  const second = await runFor(storage, 3, saved!.step, 7)
  expect(second).toEqual({ end: 'finished', made: [7, 8, 9], seconds: 3 })
  expect((await loadState(storage, { 'parameters.count': [1] }))?.tensors['parameters.count'][0]).toBe(10)
  expect((await readHistory(storage)).map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})
