import { describe, expect, test } from 'vitest'
import type { RunOptions } from '../worker/client.ts'
import { createHeldArrays } from '../worker/heldArrays.ts'
import type { RunEvent, RunOutcome, RunSummary } from '../worker/trainProtocol.ts'
import type { Workers } from '../worker/workers.ts'
import { InputError } from '../base/errors.ts'
import { pretrainProblem } from './pretrainSlice.ts'
import { isElsewhere } from './runsSlice.ts'
import { createWorkbench } from './store.ts'

const summary: RunSummary = {
  ...{ id: 'run-1', title: 'First', kind: 'pretrain', createdAt: '', steps: 3, savedSteps: 2, bytes: 9 },
  ...{ isBeingWritten: false, data: [], missingVolumes: 0, missingBoxes: null },
}
const storage = { runsBytes: 9, kept: { volumes: 0, bytes: 0 } }

/** A store whose workers note what they are asked for; the run ends when the test says so. */
function open(listed: RunSummary = summary) {
  const asked: string[] = []
  let tell: (event: RunEvent) => void = () => undefined
  let finish: (outcome: RunOutcome) => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const train = {
    run(task: string, input: { action?: string }, options?: RunOptions<RunEvent>) {
      asked.push(input.action ?? task)
      if (task === 'controlRun') return Promise.resolve(null)
      tell = event => options?.onProgress?.(event)
      return new Promise<RunOutcome>((resolve, reject) => ([finish, fail] = [resolve, reject]))
    },
    end: () => asked.push('end'),
  }
  const library = {
    run(task: string) {
      asked.push(task)
      const results: Record<string, unknown> = { listRuns: [listed], storageState: storage }
      results.readRun = { summary: listed, facts: [], rows: [], sessions: [] }
      return Promise.resolve(results[task] ?? null)
    },
  }
  const store = createWorkbench({
    workers: { train, library } as unknown as Workers,
    held: createHeldArrays(),
    baseUrl: 'http://localhost/',
    previewVoxels: () => 1000,
    fetchFile: () => Promise.reject(new Error('no file is fetched in this test')),
    saveFile: () => undefined,
  })
  return {
    ...{ store, asked },
    tell: (event: RunEvent) => tell(event),
    finish: (outcome: RunOutcome) => finish(outcome),
    fail: (error: Error) => fail(error),
  }
}

const row = (step: number) => ({ step, seconds: 1, secondsLeft: 2 - step })

describe('the run that goes on', () => {
  test('is followed from its beginning to its end, paused and resumed between', async () => {
    const { store, asked, tell, finish } = open()
    const { pauseRun, resumeRun, saveRun } = store.getState()
    const ending = store.getState().beginPretraining()
    expect(store.getState().liveRun).toMatchObject({ kind: 'preparing', id: null })
    tell({ kind: 'created', id: 'run-1', runKind: 'pretrain' })
    // The new run is looked at, not the one before it.
    expect(store.getState().shownRun).toEqual({ kind: 'reading', id: 'run-1' })
    tell({ kind: 'started', rows: [row(0)], steps: 3, label: 'a CPU' })
    tell({ kind: 'rows', rows: [row(1)] })
    tell({ kind: 'saved', step: 2 })
    expect(store.getState().liveRun).toMatchObject({ kind: 'going', status: 'running', savedSteps: 2 })
    pauseRun()
    expect(store.getState().liveRun).toMatchObject({ status: 'pausing' })
    tell({ kind: 'paused' })
    saveRun()
    expect(store.getState().liveRun).toMatchObject({ status: 'paused', rows: [row(0), row(1)] })
    resumeRun()
    saveRun()
    expect(asked.filter(task => ['pause', 'resume', 'save'].includes(task))).toEqual([
      'pause',
      'resume',
      'save',
    ])
    finish({ id: 'run-1', end: 'finished' })
    await ending
    expect(store.getState().liveRun).toMatchObject({ kind: 'ended', end: 'finished' })
    expect(store.getState().shownRun).toMatchObject({ kind: 'shown', id: 'run-1' })
  })

  test('that fails says why and keeps its place in the list; another may begin then', async () => {
    const { store, tell, fail } = open()
    const ending = store.getState().beginPretraining()
    tell({ kind: 'created', id: 'run-1', runKind: 'pretrain' })
    fail(new InputError('The disk is full.'))
    await ending
    expect(store.getState().liveRun).toMatchObject({
      kind: 'failed',
      failure: { message: 'The disk is full.' },
    })
    expect(store.getState().runs).toEqual([summary])
    void store.getState().continueRun('run-1')
    expect(store.getState().liveRun).toMatchObject({ kind: 'preparing', title: 'First' })
  })
})

describe('a run that keeps none of its cases', () => {
  test('asks for the same labelled data before it goes on, and nothing is begun without it', async () => {
    const missingBoxes = { shape: [48, 48, 48], spacingMm: [1, 1, 1], networkShape: [32, 32, 32] } as const
    const { store, asked } = open({ ...summary, kind: 'finetune', missingBoxes })
    await store.getState().refreshRuns()
    await store.getState().continueRun('run-1')
    const { liveRun } = store.getState()
    expect(liveRun).toMatchObject({ kind: 'failed' })
    expect(liveRun.kind === 'failed' && liveRun.failure.message).toMatch(/keeps no copy of its cases/)
    expect(asked).not.toContain('continueRun')
  })
})

describe('the list', () => {
  test('a deleted run can be taken back until it is settled', async () => {
    const { store, asked } = open()
    await store.getState().refreshRuns()
    await store.getState().deleteRun('run-1')
    expect(store.getState().runs).toEqual([])
    await store.getState().undoDelete()
    expect(store.getState().runs).toEqual([summary])
    const changes = () => asked.filter(task => /^(delete|takeBack|destroy)Run$/.test(task))
    expect(changes()).toEqual(['deleteRun', 'takeBackRun'])
    await store.getState().deleteRun('run-1')
    await store.getState().settleDelete()
    expect(changes().slice(2)).toEqual(['deleteRun', 'destroyRun'])
  })
})

describe('a run of another tab', () => {
  test('is told from the own one, and read anew while it is shown', async () => {
    const { store, asked } = open({ ...summary, isBeingWritten: true })
    await store.getState().refreshRuns()
    await store.getState().showRun('run-1')
    const [run] = store.getState().runs
    expect(isElsewhere(store.getState(), run)).toBe(true)
    asked.length = 0
    await store.getState().followOtherTabs()
    expect(asked).toContain('readRun')
    void store.getState().continueRun('run-1')
    expect(isElsewhere(store.getState(), run)).toBe(true)
  })
})

describe('what a pretraining is set up with', () => {
  test('is judged before it begins', () => {
    const { store } = open()
    const { changePretrainOptions, changePretrainSources } = store.getState()
    const problem = () => pretrainProblem(store.getState())
    expect(problem()).toBeNull()
    changePretrainOptions({ maskRatio: 0.1 })
    expect(problem()).toMatch(/not above the hint ratio/)
    changePretrainOptions({ maskRatio: 0.7, steps: 400 })
    expect(store.getState().pretrainWish.options.warmupSteps).toBe(40)
    changePretrainSources({ phantoms: false })
    expect(problem()).toMatch(/Choose what to learn from/)
    changePretrainSources({ files: [{ path: 'a.nii', file: new Blob() }] })
    expect(problem()).toMatch(/keeps a copy of the volumes/)
    changePretrainSources({ keepsVolumes: false })
    expect(problem()).toBeNull()
  })
})
