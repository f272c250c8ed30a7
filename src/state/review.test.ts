import { describe, expect, test } from 'vitest'
import type { Finding, FindingsFile } from '../prediction/finding.ts'
import { createHeldArrays } from '../worker/heldArrays.ts'
import type { Workers } from '../worker/workers.ts'
import { createWorkbench } from './store.ts'

const finding = (id: string, z: number): Finding => ({
  id,
  centreRasMm: [0, 0, z],
  centreLpsMm: [0, 0, z],
  volumeMm3: 100,
  longAxisMm: 6,
  shortAxisMm: 5,
  meanHu: 20,
  texture: 'solid',
  side: 'left',
  zone: 'upper',
  probability: 0.9,
  malignancy: 0.5,
  classes: null,
})

function open() {
  const never = { run: () => new Promise<never>(() => undefined), idle: () => Promise.resolve() }
  const store = createWorkbench({
    workers: { volume: never, compute: never } as unknown as Workers,
    held: createHeldArrays(),
    baseUrl: 'http://localhost/',
    previewVoxels: () => 1000,
    fetchFile: () => Promise.reject(new Error('no file is fetched in this test')),
    saveFile: () => undefined,
  })
  const file = { findings: [finding('N1', 10), finding('N2', 20)] } as unknown as FindingsFile
  const about = { classes: [], isOwn: false }
  const model = { name: 'demo', title: 'Demo', version: '1', networks: ['segment'] as const, ...about }
  const source = { kind: 'own', identity: 'a' } as const
  store.setState({
    prediction: { kind: 'done', caseId: 'case-1', summary: { file, timings: [], model, source, seconds: 1 } },
  })
  return store
}

describe('reviewing findings', () => {
  test('a verdict can be undone and redone', () => {
    const store = open()
    store.getState().acceptFinding('N1')
    store.getState().rejectFinding('N2')
    store.getState().undo()
    expect(store.getState().verdicts).toEqual({ N1: 'accepted' })
    store.getState().redo()
    expect(store.getState().verdicts).toEqual({ N1: 'accepted', N2: 'rejected' })
  })
  test('what the reader calls an accepted finding can be undone too', () => {
    const store = open()
    store.getState().acceptFinding('N1')
    store.getState().labelFinding('N1', 'malignant')
    store.getState().labelFinding('N1', 'benign')
    store.getState().undo()
    expect(store.getState().readerLabels).toEqual({ N1: 'malignant' })
    store.getState().labelFinding('N1', 'malignant')
    expect(store.getState().readerLabels).toEqual({})
    expect(store.getState().verdicts).toEqual({ N1: 'accepted' })
  })
  test('the same verdict again takes it back', () => {
    const store = open()
    store.getState().rejectFinding('N1')
    store.getState().rejectFinding('N1')
    expect(store.getState().verdicts).toEqual({})
  })
  test('a new verdict ends what could be redone', () => {
    const store = open()
    store.getState().acceptFinding('N1')
    store.getState().undo()
    store.getState().rejectFinding('N2')
    store.getState().redo()
    expect(store.getState().verdicts).toEqual({ N2: 'rejected' })
  })
  test('the next finding after the last is the first, and every step asks the views to look there', () => {
    const store = open()
    const seen = [1, 2, 3].map(() => {
      store.getState().selectNextFinding(1)
      return [store.getState().selectedFinding, store.getState().look?.centreRasMm[2]]
    })
    expect(seen).toEqual([
      ['N1', 10],
      ['N2', 20],
      ['N1', 10],
    ])
  })
})

describe('windows', () => {
  test('keys pick the presets and the file’s own, and typed values are kept within reason', () => {
    const store = open()
    store.setState({ fileWindow: { name: 'WINDOW1', widthHu: 1600, levelHu: -550 } })
    store.getState().pickPreset(2)
    expect(store.getState().window).toEqual({ name: 'Mediastinum', widthHu: 350, levelHu: 50 })
    store.getState().pickPreset(5)
    expect(store.getState().window.widthHu).toBe(1600)
    store.getState().setWindow({ name: 'Own', widthHu: -3, levelHu: 40 })
    expect(store.getState().window.widthHu).toBe(1)
  })
})
