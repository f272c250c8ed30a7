import { describe, expect, test } from 'vitest'
import type { Triple } from '../base/shape.ts'
import { createHeldArrays } from '../worker/heldArrays.ts'
import type { ClusterResult, TokenResult } from '../worker/insightProtocol.ts'
import type { LabModelSummary } from '../worker/labProtocol.ts'
import type { OpenedScan } from '../worker/protocol.ts'
import type { Workers } from '../worker/workers.ts'
import type { OpenCase } from './caseSlice.ts'
import { createWorkbench } from './store.ts'
import { timeReports, type TimedProgress } from './timeLeft.ts'

const affine = [8, 0, 0, 0, 0, 8, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1] as const
const volume = { shape: [8, 8, 8], spacingMm: [8, 8, 8], affine, hu: new Int16Array(512) } as const

const labModel = {
  kind: 'ready',
  model: {
    ...{ name: 'lab', title: 'Lab', version: '1', identity: 'b'.repeat(64) },
    networks: [{ task: 'pretrain', heads: 2, shape: [32, 32, 32], spacingMm: [2, 2, 2] }],
  } as unknown as LabModelSummary,
} as const

/** A store whose workers answer at once: two tokens a scan. */
function open() {
  const held = createHeldArrays()
  const asked: { task: string; input: Record<string, unknown> }[] = []
  const saved = new Map<string, Blob>()
  const run = (task: string, input: Record<string, unknown>): Promise<unknown> => {
    asked.push({ task, input })
    if (task === 'openBeside') return Promise.resolve({ volume, readableSeries: 1 })
    const grid = { shape: [1, 1, 2] as Triple, spacingMm: volume.spacingMm, affine }
    const provenance = { device: 'CPU', notices: [], identity: 'b', labelProblem: null, labels: null }
    if (task === 'readTokens') {
      const { synthetic } = input.request as { synthetic: boolean }
      const values = new Float32Array(4)
      return Promise.resolve({ ...provenance, grid, width: 2, values, synthetic } satisfies TokenResult)
    }
    const scans = (input.scans as TokenResult[]).map(one => ({ ...one, tokens: 2 }))
    const count = 2 * scans.length
    const figures = { intra: [], meanIntra: 1, meanInter: 2, sizes: [] }
    return Promise.resolve({
      ...provenance,
      ...{ encoder: { task: 'pretrain', role: 'student' }, request: input.request as never, scans, width: 2 },
      ...{ clusters: new Uint8Array(count), figures, scanFigures: figures },
      ...{ chosen: new Int32Array(0), points: new Float32Array(0) },
    } as ClusterResult)
  }
  const client = { run, idle: () => Promise.resolve() }
  const store = createWorkbench({
    workers: { compute: client, volume: client } as unknown as Workers,
    held,
    baseUrl: 'http://localhost/',
    previewVoxels: () => 1000,
    fetchFile: () => Promise.reject(new Error('no file is fetched in this test')),
    saveFile: (name, content) => saved.set(name, content),
  })
  const show = (id: string) => {
    if (store.getState().openCase) store.getState().clearLab()
    held.holdScan(id, { series: { volume, synthetic: false } } as unknown as OpenedScan)
    const series = { shape: volume.shape, synthetic: false }
    store.setState({ openCase: { id, title: `Title of ${id}`, demoId: null, series } as unknown as OpenCase })
  }
  store.setState({ labModel })
  show('case-1')
  const tasks = () => asked.splice(0).map(({ task }) => task)
  return { store, held, tasks, show, saved }
}

describe('scans beside the open one', () => {
  test('are read once, and again only when what is read of them changes', async () => {
    const { store, tasks } = open()
    const { addPhantomScan, addScanFiles, clusterFeatures, changeFeatures } = store.getState()
    addPhantomScan(7)
    addScanFiles([{ path: 'a.nii', file: new Blob([]) }], 'a.nii')
    await clusterFeatures()
    const both = ['openBeside', 'readTokens', 'openBeside', 'readTokens']
    expect(tasks()).toEqual(['readTokens', ...both, 'clusterTokens'])
    changeFeatures({ k: 4 })
    await clusterFeatures()
    expect(tasks()).toEqual(['clusterTokens'])
    changeFeatures({ stage: 3 })
    await clusterFeatures()
    expect(tasks()).toEqual(['readTokens', ...both, 'clusterTokens'])
    expect(store.getState().features).toMatchObject({
      kind: 'done',
      titles: ['Title of case-1', 'Synthetic chest, seed 7', 'a.nii'],
    })
  })

  test('a scan that was open before takes part by its features alone, with the encoder that read them', async () => {
    const { store, held, tasks, show } = open()
    await store.getState().clusterFeatures()
    store.getState().keepOpenScan()
    show('case-2')
    expect([...held.insight.tokens.keys()]).toEqual(['case-1'])
    tasks()
    await store.getState().clusterFeatures()
    expect(tasks()).toEqual(['readTokens', 'clusterTokens'])
    expect(held.insight.clusters?.scans).toHaveLength(2)
    store.getState().changeFeatures({ stage: 3 })
    await store.getState().clusterFeatures()
    expect(held.insight.clusters?.scans).toHaveLength(1)
    store.getState().removeFeatureScan('case-1')
    expect([...held.insight.tokens.keys()]).toEqual(['case-2'])
  })

  test('a scan that was not kept leaves nothing behind', async () => {
    const { store, held, show } = open()
    await store.getState().clusterFeatures()
    show('case-2')
    expect(held.insight.tokens.size).toBe(0)
  })

  test('the table names scans by number, never by their name', async () => {
    const { store, saved } = open()
    store.getState().addScanFiles([{ path: 'DOE_JOHN.nii', file: new Blob([]) }], 'DOE_JOHN.nii')
    await store.getState().clusterFeatures()
    store.getState().saveFeatureTable()
    const text = await saved.get('tokens.csv')!.text()
    expect(text).toContain('Research use')
    expect(text.split('\r\n').filter(line => /^Scan \d,/.test(line))).toHaveLength(4)
    expect(text).not.toMatch(/DOE|Title of/)
  })
})

test('the time left follows from the pace of a stage, and is not said at its beginning', () => {
  const said: TimedProgress[] = []
  let seconds = 0
  const report = timeReports(
    progress => said.push(progress),
    () => seconds,
  )
  for (const [at, done] of [
    [0, 10],
    [1, 20],
    [4, 50],
  ]) {
    seconds = at
    report({ stage: 'Reading', done, total: 100 })
  }
  report({ stage: 'Mapping', done: 0, total: 360 })
  // 40 steps in 4 s leave 50 steps of 0.1 s.
  expect(said.map(({ secondsLeft }) => secondsLeft)).toEqual([null, null, 5, null])
})
