import { describe, expect, test } from 'vitest'
import { InputError } from '../base/errors.ts'
import { createHeldArrays } from '../worker/heldArrays.ts'
import type { ModelEntry } from '../worker/modelProtocol.ts'
import { sourceKey } from '../worker/sourceKey.ts'
import type { RunSummary } from '../worker/trainProtocol.ts'
import type { Workers } from '../worker/workers.ts'
import { startsOf } from './finetuneStarts.ts'
import { keptOfRun } from './pretrainResultSlice.ts'
import { createWorkbench } from './store.ts'

const entry: ModelEntry = {
  ...{ source: { kind: 'own', identity: 'f'.repeat(64) }, origin: 'own', name: 'mine', title: 'mine' },
  ...{ version: '1.0.0', identity: 'f'.repeat(64), networks: [{ task: 'pretrain', labels: [] }] },
  ...{ parent: null, formerly: [], weightBytes: 1, isKept: true },
}

const run: RunSummary = {
  ...{ id: 'run-1', title: 'First', kind: 'pretrain', createdAt: '', steps: 3, savedSteps: 2, bytes: 9 },
  ...{ isBeingWritten: false, data: [], missingVolumes: 0, missingBoxes: null },
}

/** A store whose library gives a model, or a sentence, and whose models are those that were added. */
function open(makes: () => Promise<object> = () => Promise.resolve({ manifest: {}, weights: {} })) {
  let kept: ModelEntry[] = []
  const opened: unknown[] = []
  const models = {
    run(task: string) {
      if (task === 'addModel') kept = [entry]
      if (task === 'deleteModel') kept = []
      return Promise.resolve(task === 'listModels' ? { models: kept, problems: [] } : entry)
    },
  }
  const compute = {
    run(task: string, { source }: { source: unknown }) {
      if (task === 'openLabModel') opened.push(source)
      return Promise.resolve({ networks: [] })
    },
    idle: () => Promise.resolve(),
  }
  const store = createWorkbench({
    workers: { models, compute, library: { run: makes } } as unknown as Workers,
    held: createHeldArrays(),
    baseUrl: 'http://localhost/',
    previewVoxels: () => 1000,
    fetchFile: () => Promise.reject(new Error('no file is fetched in this test')),
    saveFile: () => undefined,
  })
  return { store, opened }
}

describe('what a pretraining has learnt', () => {
  test('is kept as a model of that run, looked into, and a start for fine-tuning', async () => {
    const { store, opened } = open()
    await store.getState().keepPretrained(run, 'mine', '1.0.0')
    expect(keptOfRun(store.getState(), run)).toMatchObject({ kind: 'done', entry })
    expect(keptOfRun(store.getState(), { ...run, id: 'run-2' })).toEqual({ kind: 'none' })
    // It has gone on since.
    expect(keptOfRun(store.getState(), { ...run, savedSteps: 3 })).toEqual({ kind: 'none' })
    store.getState().lookIntoPretrained()
    expect(store.getState()).toMatchObject({ mode: 'explore', labSource: entry.source })
    expect(opened).toEqual([entry.source])
    expect(startsOf(store.getState().models).map(({ name }) => name)).toContain('mine 1.0.0')
    store.getState().startFromPretrained()
    expect(store.getState().finetuneStart).toBe(sourceKey(entry.source))
  })

  test('is taken back, and whoever used it goes back to the model of the installation', async () => {
    const { store } = open()
    const before = store.getState().finetuneStart
    await store.getState().keepPretrained(run, 'mine', '1.0.0')
    store.getState().lookIntoPretrained()
    store.getState().startFromPretrained()
    await store.getState().undoPretrained()
    expect(store.getState()).toMatchObject({ models: [], finetuneStart: before, deletedModel: entry })
    expect(store.getState().labSource).toMatchObject({ kind: 'installed' })
    expect(keptOfRun(store.getState(), run)).toEqual({ kind: 'none' })
  })

  test('is kept no longer once its model is deleted in the list of models', async () => {
    const { store } = open()
    await store.getState().keepPretrained(run, 'mine', '1.0.0')
    await store.getState().deleteModel(entry)
    expect(keptOfRun(store.getState(), run)).toEqual({ kind: 'none' })
  })

  test('is not kept where the run makes no model: the sentence stands there', async () => {
    const { store } = open(() => Promise.reject(new InputError('This run has no semantic attention.')))
    await store.getState().keepPretrained(run, 'mine', '1.0.0')
    expect(keptOfRun(store.getState(), run)).toMatchObject({
      kind: 'failed',
      failure: { message: 'This run has no semantic attention.' },
    })
  })
})
