import { expect, test } from 'vitest'
import { CancelledError } from '../base/errors.ts'
import { createHeldArrays } from '../worker/heldArrays.ts'
import type { ComputeTasks } from '../worker/protocol.ts'
import type { Workers } from '../worker/workers.ts'
import { createWorkbench } from './store.ts'

type Test = ComputeTasks['selfTest']
type Run = (
  task: string,
  input: Test['input'],
  options: { signal: AbortSignal; onProgress: (progress: Test['progress']) => void },
) => Promise<Test['result']>

function open(run: Run) {
  return createWorkbench({
    workers: { compute: { run, idle: () => Promise.resolve() } } as unknown as Workers,
    held: createHeldArrays(),
    baseUrl: 'http://localhost/',
    previewVoxels: () => 1000,
    fetchFile: () => Promise.reject(new Error('no file is fetched in this test')),
    saveFile: () => undefined,
  })
}

const result: Test['result'] = { adapter: null, cpu: { label: 'CPU' }, lines: [] }

test('the self-test is asked of the compute worker, and its progress and result are told of', async () => {
  const seen: unknown[] = []
  const store = open((task, _, { onProgress }) => {
    onProgress({ stage: 'GELU', done: 3, total: 20 })
    seen.push(task, store.getState().selfTest)
    return Promise.resolve(result)
  })
  await store.getState().startSelfTest()
  expect(seen).toEqual(['selfTest', { kind: 'running', progress: { stage: 'GELU', done: 3, total: 20 } }])
  expect(store.getState().selfTest).toEqual({ kind: 'done', result })
})

test('a cancelled self-test leaves nothing behind', async () => {
  const store = open(
    (_, __, { signal }) =>
      new Promise((_resolve, fail) => signal.addEventListener('abort', () => fail(new CancelledError()))),
  )
  const running = store.getState().startSelfTest()
  expect(store.getState().selfTest.kind).toBe('running')
  store.getState().cancelSelfTest()
  await running
  expect(store.getState().selfTest).toEqual({ kind: 'none' })
})

test('no self-test starts while a scan is analysed', async () => {
  let calls = 0
  const store = open(() => {
    calls++
    return Promise.resolve(result)
  })
  const progress = { stage: 'Searching for nodules', done: 1, total: 9, secondsLeft: null }
  store.setState({ prediction: { kind: 'running', caseId: 'a', progress } })
  await store.getState().startSelfTest()
  expect(calls).toBe(0)
})
