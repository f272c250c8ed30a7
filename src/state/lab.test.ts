import { describe, expect, test, vi } from 'vitest'
import { createHeldArrays } from '../worker/heldArrays.ts'
import type { AttentionResult, LabModelSummary } from '../worker/labProtocol.ts'
import type { OpenedScan } from '../worker/protocol.ts'
import type { Workers } from '../worker/workers.ts'
import { restMs } from './followSlice.ts'
import { createWorkbench } from './store.ts'
import { TOUR_STEPS } from './tourSteps.ts'
import type { OpenCase } from './caseSlice.ts'

const model: LabModelSummary = {
  name: 'lab',
  title: 'Lab',
  version: '1',
  identity: 'b'.repeat(64),
  networks: [
    {
      ...{ task: 'pretrain', heads: 2, shape: [32, 32, 32], spacingMm: [2, 2, 2], huWindow: [-1000, 400] },
      ...{ outputRange: [0, 1], hasTeacher: true, canReconstruct: true },
    },
  ],
}

const volume = {
  ...{ shape: [8, 8, 8], spacingMm: [8, 8, 8], hu: new Int16Array(512) },
  affine: [8, 0, 0, 0, 0, 8, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1],
} as const

/** A store whose worker answers at once with an attention that rises from token to token. */
function open() {
  const held = createHeldArrays()
  const asked: { task: string; input: Record<string, unknown> }[] = []
  const saved: string[] = []
  const run = (task: string, input: Record<string, unknown>) => {
    asked.push({ task, input })
    if (task === 'openLabModel') return Promise.resolve(model)
    const satt = Float32Array.from({ length: 64 }, (_, token) => token)
    const result: Omit<AttentionResult, 'crop' | 'query'> = {
      ...{ grid: [4, 4, 4], heads: 2, byHead: new Float32Array(128), satt, keep: undefined },
      ...{ patchGrid: [16, 16, 16], device: 'CPU', notices: [], identity: model.identity },
      image: new Float32Array(32 ** 3),
    }
    return Promise.resolve({ ...result, crop: input.crop, query: input.query })
  }
  const store = createWorkbench({
    workers: { compute: { run, idle: () => Promise.resolve() } } as unknown as Workers,
    held,
    baseUrl: 'http://localhost/',
    previewVoxels: () => 1000,
    fetchFile: () => Promise.reject(new Error('no file is fetched in this test')),
    saveFile: name => saved.push(name),
  })
  held.holdScan('case-1', { series: { volume, synthetic: true } } as unknown as OpenedScan)
  store.setState({
    openCase: {
      id: 'case-1',
      demoId: null,
      series: { shape: [8, 8, 8], synthetic: true },
    } as unknown as OpenCase,
    crosshairRasMm: [30, 30, 30],
  })
  return { store, held, asked, saved }
}

const settle = () => new Promise(resolve => setTimeout(resolve, 0))

describe('the lab’s state', () => {
  test('placing the region at the crosshair computes its attention and paints it', async () => {
    const { store, held, asked } = open()
    await store.getState().enterLab()
    store.getState().placeLabCrop()
    await settle()
    expect(asked.at(-1)).toMatchObject({
      task: 'attend',
      input: { crop: { centreRasMm: [30, 30, 30], shape: [32, 32, 32] }, query: { role: 'student' } },
    })
    expect(store.getState().attention.kind).toBe('done')
    expect(held.painting()?.map?.shape).toEqual([4, 4, 4])
  })

  test('the first region is where the scan varies most, unless the reader has moved the crosshair', async () => {
    const { store, held } = open()
    await store.getState().enterLab()
    const shape = [64, 40, 40] as const
    const hu = Int16Array.from({ length: 64 * 1600 }, (_, at) => (at > 48 * 1600 && at % 2 ? -800 : 40))
    const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]
    const volume = { hu, shape, spacingMm: [2, 2, 2], affine, synthetic: true }
    held.holdScan('case-1', { series: { volume, synthetic: true } } as unknown as OpenedScan)
    store.setState({ crosshairRasMm: [40, 40, 64] })
    store.getState().placeFirstLabCrop()
    const place = store.getState().labCrop!.centreRasMm
    // 64 mm of 128: the textured quarter lies at the scan's upper end.
    expect(place[2]).toBeGreaterThan(80)
    expect(store.getState().look?.centreRasMm).toEqual(place)
    store.setState({ crosshairRasMm: [42, 40, 64] })
    store.getState().placeFirstLabCrop()
    expect(store.getState().labCrop!.centreRasMm).toEqual([42, 40, 64])
  })

  test('a region that follows the crosshair waits until it rests, and a cancel keeps it where it was', async () => {
    const { store, asked } = open()
    await store.getState().enterLab()
    store.getState().placeLabCrop()
    store.setState({ mode: 'explore' })
    await settle()
    const { crosshairMoved, setLabFollows } = store.getState()
    const attended = () =>
      asked.splice(0).flatMap(({ task, input }) => (task === 'attend' ? [input.crop] : []))
    attended()
    crosshairMoved([31, 30, 30])
    expect(attended()).toEqual([])
    setLabFollows(true)
    expect(attended()).toMatchObject([{ centreRasMm: [31, 30, 30] }])
    vi.useFakeTimers()
    for (const x of [32, 33, 34]) {
      crosshairMoved([x, 30, 30])
      vi.advanceTimersByTime(restMs - 1)
    }
    expect(attended()).toEqual([])
    vi.advanceTimersByTime(1)
    expect(attended()).toMatchObject([{ centreRasMm: [34, 30, 30] }])
    crosshairMoved([35, 30, 30])
    store.getState().cancelAttention()
    vi.advanceTimersByTime(restMs)
    vi.useRealTimers()
    expect(attended()).toEqual([])
    expect(store.getState().labCrop?.centreRasMm).toEqual([34, 30, 30])
  })

  test('masks take the painting over, follow r and s, and give it back', async () => {
    const { store, held } = open()
    await store.getState().enterLab()
    store.getState().placeLabCrop()
    await settle()
    store.getState().changeMasks({ ratio: 0.5 })
    const hiddenNow = () => held.painting()?.marks?.codes.filter(code => code === 1).length
    expect([held.painting()?.map, hiddenNow()]).toEqual([undefined, 26]) // ⌊0.5 · 64⌋ − ⌊0.1 · 64⌋
    store.getState().setHead(1)
    expect(held.painting()?.map).toBeDefined()
    store.getState().showMask('random')
    expect(hiddenNow()).toBe(26)
  })

  test('a view that was kept on another scan is restored and says so', async () => {
    const { store, asked } = open()
    await store.getState().enterLab()
    store.getState().placeLabCrop()
    await settle()
    store.getState().changeMasks({ ratio: 0.4, seed: 7 })
    const view = store.getState().currentView()!
    store.getState().changeMasks({ ratio: 0.9, seed: 1 })
    store.getState().setMode('read')
    await store.getState().restoreView({ ...view, scan: [9, 9, 9], role: 'teacher' })
    await settle()
    const state = store.getState()
    expect([state.mode, state.masks.ratio, state.masks.seed, state.labRole]).toEqual([
      'explore',
      0.4,
      7,
      'teacher',
    ])
    expect(asked.at(-1)).toMatchObject({ task: 'attend', input: { query: { role: 'teacher' } } })
    expect(state.viewRemarks.join()).toContain('a scan of 9 × 9 × 9 voxels')
  })

  test('a link that is damaged is refused in a sentence, and nothing moves', async () => {
    const { store } = open()
    await store.getState().openViewHash('#lab?v=1&model=demo')
    expect(store.getState().viewFailure?.message).toContain('This view cannot be restored')
    expect(store.getState().mode).toBe('read')
  })

  test('a model that is chosen without its weights is refused in a sentence', async () => {
    const { store } = open()
    await store.getState().openLabFiles([new Blob(['{}'])], ['model.json'])
    expect(store.getState().labModel).toMatchObject({
      kind: 'failed',
      failure: { message: expect.stringContaining('Choose both together') },
    })
  })

  test('opening another case leaves nothing of the lab behind', async () => {
    const { store, held } = open()
    await store.getState().enterLab()
    store.getState().placeLabCrop()
    await settle()
    store.getState().clearLab()
    expect([held.painting(), held.attention(), store.getState().labCrop]).toEqual([
      undefined,
      undefined,
      null,
    ])
  })

  test('the tour looks with the student’s eyes, and where it speaks of the noisy teacher with that one’s', async () => {
    const { store } = open()
    await store.getState().enterLab()
    const shown = TOUR_STEPS.map(({ show }) => {
      show(store.getState())
      const { labRole, dropout } = store.getState()
      return `${labRole} ${dropout?.ratio ?? 0}`
    })
    const [student, teacher] = ['student 0', 'teacher 0.7']
    expect(shown).toEqual([student, student, student, teacher, teacher, teacher])
  })

  test('the tour steps forth and back within its six steps and ends after the last', () => {
    const { store } = open()
    store.setState({ tourStep: 0 })
    store.getState().goTour(-1)
    expect(store.getState().tourStep).toBe(0)
    for (let step = 0; step < 5; step++) store.getState().goTour(1)
    expect(store.getState().tourStep).toBe(5)
    store.getState().goTour(1)
    expect(store.getState().tourStep).toBeNull()
  })
})
