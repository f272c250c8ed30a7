import { describe, expect, test } from 'vitest'
import { createHeldArrays } from '../worker/heldArrays.ts'
import type { FinetuneSettings } from '../worker/finetuneProtocol.ts'
import type { RunOptions } from '../worker/client.ts'
import type { CropSet } from '../worker/labelledProtocol.ts'
import type { RunEvent, RunOutcome, TrainTasks } from '../worker/trainProtocol.ts'
import type { Workers } from '../worker/workers.ts'
import { missingSharesOf } from './fewShotSlice.ts'
import type { ReportState } from './finetuneResultSlice.ts'
import { createWorkbench } from './store.ts'

type Begun = TrainTasks['beginFinetuning']['input']

const settings = { task: 'classify', labelShare: 1, start: 'scratch', seed: 1 } as FinetuneSettings
const crops = { cases: [{ identity: 'a' }, { identity: 'b' }] } as unknown as CropSet
const shown = {
  ...{ kind: 'done', runId: 'run-1', settings, isFinished: true, keepsCrops: true, identities: ['a', 'b'] },
  report: { shares: [] },
} as unknown as Extract<ReportState, { kind: 'done' }>

/** A store that shows a finished run; `finish` ends the run that was begun last, `begun` are all of them. */
function open(report = shown) {
  const begun: Begun[] = []
  let finish: (outcome: RunOutcome) => void = () => undefined
  const train = {
    run(_task: string, input: Begun, options?: RunOptions<RunEvent>) {
      begun.push(input)
      options?.onProgress?.({ kind: 'created', id: `run-${begun.length + 1}`, runKind: 'finetune' })
      return new Promise<RunOutcome>(resolve => (finish = resolve))
    },
    end: () => undefined,
  }
  const read: string[] = []
  const library = {
    run(task: string, { id }: { id?: string }) {
      if (task === 'readRun') read.push(id!)
      return Promise.resolve(task === 'listRuns' ? [] : null)
    },
  }
  const held = createHeldArrays()
  held.training.crops = { crops, shape: [8, 8, 8], runId: 'run-1' }
  const store = createWorkbench({
    workers: { train, library } as unknown as Workers,
    held,
    baseUrl: 'http://localhost/',
    previewVoxels: () => 1000,
    fetchFile: () => Promise.reject(new Error('no file is fetched in this test')),
    saveFile: () => undefined,
  })
  store.setState({ finetuneReport: report, models: [] })
  const end = async (how: RunOutcome['end']) => {
    finish({ id: `run-${begun.length + 1}`, end: how })
    await new Promise(resolve => setTimeout(resolve))
  }
  return { store, held, begun, read, end }
}

describe('training on fewer labels', () => {
  test('begins one run after the other, on the same boxes and settings but for the share', async () => {
    const { store, begun, read, end } = open()
    expect(missingSharesOf(store.getState())).toEqual([0.5, 0.25])
    const going = store.getState().trainFewerLabels()
    await new Promise(resolve => setTimeout(resolve))
    expect(begun.map(one => one.settings)).toEqual([{ ...settings, labelShare: 0.5 }])
    expect(store.getState().sharesToTrain).toEqual([0.5, 0.25])
    // A second wish meanwhile changes nothing: one run at a time.
    await store.getState().trainFewerLabels()
    await end('finished')
    expect(begun.map(one => one.settings)).toEqual([
      { ...settings, labelShare: 0.5 },
      { ...settings, labelShare: 0.25 },
    ])
    expect(store.getState().sharesToTrain).toEqual([0.25])
    await end('finished')
    await going
    for (const one of begun) expect(one).toMatchObject({ keepsCrops: true, start: null, followed: null })
    expect(begun.every(one => one.crops === crops)).toBe(true)
    expect(begun.map(({ title }) => title)).toEqual([
      'Fine-tuning, 50 % of the labels',
      'Fine-tuning, 25 % of the labels',
    ])
    // The run that was asked about is looked at again, with the others beside it.
    expect(read.at(-1)).toBe('run-1')
    expect(store.getState()).toMatchObject({ sharesToTrain: [], fewShotFailure: null })
  })

  test('ends where a run is stopped, and offers only shares that are not there', async () => {
    const { store, begun, end } = open()
    const going = store.getState().trainFewerLabels()
    await new Promise(resolve => setTimeout(resolve))
    await end('stopped')
    await going
    expect(begun).toHaveLength(1)
    const report = { shares: [{ share: 1 }, { share: 0.5 }] } as unknown as typeof shown.report
    store.setState({ finetuneReport: { ...shown, report } })
    expect(missingSharesOf(store.getState())).toEqual([0.25])
    store.setState({ finetuneReport: { ...shown, isFinished: false } })
    expect(missingSharesOf(store.getState())).toEqual([])
  })

  test('says what is missing: the cases of the run, or the model that it began with', async () => {
    const { store, held, begun } = open()
    held.training.crops = undefined
    await store.getState().trainFewerLabels()
    expect(store.getState().fewShotFailure?.message).toMatch(/cases of this run are not at hand/)
    const start = { name: 'demo', version: '1.0.0', identity: 'x' }
    store.setState({ finetuneReport: { ...shown, settings: { ...settings, start } } })
    await store.getState().trainFewerLabels()
    expect(store.getState().fewShotFailure?.message).toMatch(/demo 1\.0\.0 is not among the models/)
    expect(begun).toEqual([])
  })
})
