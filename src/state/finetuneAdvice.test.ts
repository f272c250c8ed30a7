import { describe, expect, test } from 'vitest'
import { createHeldArrays } from '../worker/heldArrays.ts'
import type { FinetuneForecast, FinetuneSettings, Recommendation } from '../worker/finetuneProtocol.ts'
import type { LabelledSummary } from '../worker/labelledProtocol.ts'
import type { Workers } from '../worker/workers.ts'
import { createWorkbench } from './store.ts'

const settings = { task: 'classify', method: 'probe', epochs: 1, seed: 1 } as FinetuneSettings
const data = {
  ...{ cohortId: 1, cases: [], classes: ['a', 'b'], leftOut: [], notices: [] },
  problems: { classify: [], segment: [], respond: [] },
} satisfies LabelledSummary
const forecast: FinetuneForecast = {
  ...{ updates: 1, gpuBytes: null, saveBytes: 1, device: 'here', problems: [] },
}

/** A store with open data whose recommendations come when the test says so. */
function open() {
  const answers: ((settings: FinetuneSettings) => void)[] = []
  const compute = {
    run: (task: string) =>
      task === 'recommendFinetuning'
        ? new Promise<Recommendation>(resolve =>
            answers.push(recommended => resolve({ settings: recommended, reasons: [] })),
          )
        : Promise.resolve(forecast),
  }
  const store = createWorkbench({
    workers: { compute } as unknown as Workers,
    held: createHeldArrays(),
    baseUrl: 'http://localhost/',
    previewVoxels: () => 1000,
    fetchFile: () => Promise.reject(new Error('no file is fetched in this test')),
    saveFile: () => undefined,
  })
  store.setState({ labelled: { kind: 'done', data }, models: [] })
  const answer = async (at: number, recommended: FinetuneSettings) => {
    answers[at](recommended)
    await new Promise(resolve => setTimeout(resolve))
  }
  return { store, answer }
}

describe('a recommendation that is still on its way', () => {
  test('leaves what the reader changes meanwhile as it is', async () => {
    const { store, answer } = open()
    store.getState().chooseFinetuneTask('classify')
    await answer(0, settings)
    store.getState().chooseFinetuneMethod('head')
    store.getState().changeFinetuning({ epochs: 7 })
    const head: FinetuneSettings = { ...settings, method: 'head', epochs: 60, seed: 2 }
    await answer(1, head)
    const { finetuneSettings, recommendedSettings, recommendation } = store.getState()
    expect(finetuneSettings).toEqual({ ...head, epochs: 7 })
    expect(recommendedSettings).toEqual(head)
    expect(recommendation.kind).toBe('done')

    store.getState().useRecommended()
    expect(store.getState().finetuneSettings).toBe(store.getState().recommendedSettings)
  })

  test('is not made void by the forecast of a change', async () => {
    const { store, answer } = open()
    store.getState().chooseFinetuneTask('classify')
    await answer(0, settings)
    store.getState().chooseFinetuneMethod('head')
    store.getState().changeFinetuning({ epochs: 7 })
    // Longer than typing takes to settle.
    await new Promise(resolve => setTimeout(resolve, 450))
    await answer(1, { ...settings, method: 'head' })
    expect(store.getState().finetuneSettings).toMatchObject({ method: 'head', epochs: 7 })
  })

  test('of another method or task answers for itself alone', async () => {
    const { store, answer } = open()
    store.getState().chooseFinetuneTask('classify')
    await answer(0, settings)
    store.getState().chooseFinetuneMethod('head')
    store.getState().chooseFinetuneMethod('lora')
    await answer(2, { ...settings, method: 'lora' })
    await answer(1, { ...settings, method: 'head' })
    expect(store.getState().finetuneSettings?.method).toBe('lora')

    store.setState({
      labelled: { kind: 'done', data: { ...data, problems: { ...data.problems, segment: ['No mask.'] } } },
    })
    store.getState().chooseFinetuneMethod('full')
    store.getState().chooseFinetuneTask('segment')
    await answer(3, { ...settings, method: 'full' })
    expect(store.getState().finetuneSettings).toBeNull()
  })
})
