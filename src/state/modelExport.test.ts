import { expect, test } from 'vitest'
import { CancelledError, InputError } from '../base/errors.ts'
import { createHeldArrays } from '../worker/heldArrays.ts'
import type { ComputeTasks } from '../worker/protocol.ts'
import type { Workers } from '../worker/workers.ts'
import { createWorkbench } from './store.ts'

type Export = ComputeTasks['exportModel']
type Run = (
  task: string,
  input: Export['input'],
  options: { signal: AbortSignal; onProgress: (progress: Export['progress']) => void },
) => Promise<Export['result']>

/** A workbench whose compute worker is `run`; files that it saves are listed. */
function open(run: Run) {
  const saved: [string, number][] = []
  const store = createWorkbench({
    workers: { compute: { run, idle: () => Promise.resolve() } } as unknown as Workers,
    held: createHeldArrays(),
    baseUrl: 'http://localhost/',
    previewVoxels: () => 1000,
    fetchFile: () => Promise.reject(new Error('no file is fetched in this test')),
    saveFile: (name, content) => saved.push([name, content.size]),
  })
  return { store, saved }
}

test('the model’s file is asked of the compute worker, saved under its name and told of', async () => {
  const asked: unknown[] = []
  const { store, saved } = open((task, input, { onProgress }) => {
    asked.push(task, input.network, input.format)
    onProgress({ stage: 'Writing the network', done: 1, total: 3 })
    asked.push(store.getState().modelExport)
    return Promise.resolve({ fileName: 'demo-1-classify.onnx', bytes: new Uint8Array(7) })
  })
  await store.getState().takeModelAway('classify', 'onnx')
  const progress = { stage: 'Writing the network', done: 1, total: 3 }
  expect(asked).toEqual(['exportModel', 'classify', 'onnx', { kind: 'running', progress }])
  expect(saved).toEqual([['demo-1-classify.onnx', 7]])
  expect(store.getState().modelExport).toEqual({ kind: 'done', fileName: 'demo-1-classify.onnx', bytes: 7 })
})

test('a model that cannot be exported is told of in its own sentence, and nothing is saved', async () => {
  const { store, saved } = open(() => Promise.reject(new InputError('The weights are damaged.', 'element 5')))
  await store.getState().takeModelAway('segment', 'safetensors')
  const failure = { message: 'The weights are damaged.', details: 'element 5' }
  expect(store.getState().modelExport).toEqual({ kind: 'failed', failure })
  expect(saved).toEqual([])
})

test('a cancelled export leaves nothing behind, whatever the worker still says', async () => {
  let reject: (error: Error) => void = () => undefined
  const { store, saved } = open(
    (_, __, { signal }) =>
      new Promise((_resolve, fail) => {
        reject = fail
        signal.addEventListener('abort', () => fail(new CancelledError()))
      }),
  )
  const running = store.getState().takeModelAway('segment', 'onnx')
  expect(store.getState().modelExport.kind).toBe('running')
  store.getState().cancelModelExport()
  expect(store.getState().modelExport).toEqual({ kind: 'none' })
  reject(new Error('too late'))
  await running
  expect(store.getState().modelExport).toEqual({ kind: 'none' })
  expect(saved).toEqual([])
})
