import { describe, expect, it } from 'vitest'
import { testRuntime } from '../../graph/testSupport.ts'
import { RunControl } from '../run/control.ts'
import type { RunStorage } from '../run/storage.ts'
import { emaMomentum, warmupCosine } from '../schedules.ts'
import { readSafetensors } from '../../network/safetensors.ts'
import type { PretrainOptions } from './options.ts'
import { performPretraining, planCrops, type PretrainRow } from './performPretraining.ts'
import { SeenCases, type PretrainSettings } from './runRecord.ts'
import {
  memoryStorage,
  microConfig,
  microOptions,
  microRecipe,
  testSource,
  testVolume,
} from './testSupport.ts'

const runtime = await testRuntime()
const volumes = [1, 2, 3].map(seed => testVolume(seed))
const environment = { device: 'cpu', backend: 'test', threads: 1 }

function settingsOf(changes: Partial<PretrainOptions> = {}): PretrainSettings {
  return {
    preset: 'tiny',
    recipe: microRecipe,
    options: microOptions(changes),
    plan: { ...planCrops(microRecipe, 1e9, testSource(volumes)), bankSize: 4 },
    caseCount: volumes.length,
    data: ['3 volumes'],
    memoryBytes: 1e9,
  }
}

interface RunRequest {
  readonly storage: RunStorage
  readonly settings?: PretrainSettings
  readonly saveEvery?: number
  readonly control?: RunControl
  readonly onRow?: (row: PretrainRow) => void
  readonly onNotice?: (notice: string) => void
  readonly threads?: number
  readonly data?: typeof volumes
}

function run({ storage, settings, saveEvery = 2, control = new RunControl(), ...rest }: RunRequest) {
  return performPretraining({
    storage,
    settings,
    source: testSource(rest.data ?? volumes),
    places: { openGpu: () => Promise.resolve(undefined), openCpu: () => Promise.resolve(runtime!) },
    environment: () => ({ ...environment, threads: rest.threads ?? 1 }),
    control,
    saveEvery,
    ...(rest.onRow && { onRow: rest.onRow }),
    ...(rest.onNotice && { onNotice: rest.onNotice }),
  })
}

function lastSave(files: ReadonlyMap<string, Uint8Array>) {
  const { checkpoint } = JSON.parse(new TextDecoder().decode(files.get('latest.json'))) as {
    checkpoint: string
  }
  return { checkpoint, bytes: files.get(checkpoint)! }
}

/** The history without what the clock says. */
function figuresOf(files: ReadonlyMap<string, Uint8Array>): unknown[] {
  const lines = new TextDecoder().decode(files.get('history.jsonl')).trim().split('\n')
  return lines.map(line => ({ ...JSON.parse(line), seconds: 0, secondsLeft: 0, cropsPerSecond: 0 }))
}

async function finished(changes: Partial<PretrainOptions> = {}) {
  const { storage, files } = memoryStorage()
  expect(await run({ storage, settings: settingsOf(changes) })).toBe('finished')
  const save = lastSave(files)
  const rows = figuresOf(files) as PretrainRow[]
  return { files, ...save, rows, tensors: readSafetensors(save.bytes).tensors }
}

// Each run compiles its step, which takes longer than its updates: one uninterrupted run serves several tests.
const uninterrupted = runtime ? await finished() : undefined

describe.skipIf(!runtime)('a pretraining run', () => {
  it('stopped, then out of storage, then continued elsewhere, ends bit-identical to one without interruption', async () => {
    let isFull = false
    const { storage, files } = memoryStorage(name => isFull && name === 'checkpoint-0000003.safetensors')
    const control = new RunControl()
    const onRow = (row: PretrainRow) => row.step === 0 && control.stop()
    expect(await run({ storage, settings: settingsOf(), control, onRow, saveEvery: 100 })).toBe('stopped')
    expect(lastSave(files).checkpoint).toBe('checkpoint-0000001.safetensors')
    isFull = true
    const notices: string[] = []
    const onNotice = (notice: string) => notices.push(notice)
    await expect(run({ storage, onNotice })).rejects.toThrow(/save of step 2 is untouched/)
    expect(notices).toEqual([])
    isFull = false
    expect(await run({ storage, onNotice, threads: 2 })).toBe('finished')
    expect(notices).toEqual([expect.stringMatching(/threads 1 → 2.*no longer identical/)])
    expect(Buffer.from(lastSave(files).bytes).equals(uninterrupted!.bytes)).toBe(true)
    expect(figuresOf(files)).toEqual(uninterrupted!.rows)
    expect(files.get('data.json')).toEqual(uninterrupted!.files.get('data.json'))
    expect([...files.keys()].filter(name => name.startsWith('checkpoint'))).toHaveLength(1)
  })

  it('is not begun twice, and not continued with other data or as another architecture', async () => {
    const { storage, files } = memoryStorage()
    for (const [name, bytes] of uninterrupted!.files) files.set(name, bytes)
    await expect(run({ storage, settings: settingsOf() })).rejects.toThrow(/already holds a run/)
    await expect(run({ storage: memoryStorage().storage })).rejects.toThrow(/no run to continue/)
    await expect(run({ storage, data: volumes.slice(1) })).rejects.toThrow(/begun with 3 cases, but 2 came/)
    const seen = await SeenCases.read(storage)
    const data = JSON.parse(new TextDecoder().decode(files.get('data.json'))) as {
      cases: { index: number }[]
    }
    const other = await testSource([testVolume(9)]).open(0)
    expect(() => seen.note(data.cases[0].index, other)).toThrow(/is not the volume that the run saw/)
    const config = JSON.parse(new TextDecoder().decode(files.get('config.json'))) as object
    const changed = { ...config, recipe: { ...microRecipe, config: { ...microConfig, embed: 8 } } }
    await storage.write('config.json', new TextEncoder().encode(JSON.stringify(changed)))
    await expect(run({ storage })).rejects.toThrow(/checkpoint-0000003.*another architecture.*student\./)
    const ofFineTuning = { ...config, kind: 'finetune' }
    await storage.write('config.json', new TextEncoder().encode(JSON.stringify(ofFineTuning)))
    await expect(run({ storage })).rejects.toThrow(/a run of kind 'finetune'/)
  })

  it('records its settings, where it was computed and what it saw, without a name', () => {
    const read = (name: string) => JSON.parse(new TextDecoder().decode(uninterrupted!.files.get(name)))
    expect(read('config.json')).toMatchObject({
      schemaVersion: 1,
      kind: 'pretrain',
      notice: 'Research use — not for clinical use',
      options: { masking: 'attention', steps: 3 },
      sessions: [{ fromStep: 0, environment }],
    })
    expect(read('data.json').cases[0].identity).toMatch(/^sha256:/)
    expect(read('data.json').allSynthetic).toBe(true)
  })

  it('follows the schedules and moves the teacher behind the student', () => {
    const { rows, tensors } = uninterrupted!
    expect(rows.map(({ teacherMomentum }) => teacherMomentum)).toEqual(
      [0, 1, 2].map(it => emaMomentum(it, 3)),
    )
    expect(rows.map(({ learningRate }) => learningRate)).toEqual(
      [0, 1, 2].map(t => warmupCosine(t, 8e-4, 0, 3)),
    )
    const [student, teacher] = ['student', 'teacher'].map(who => tensors[`${who}.sa.cls_token`].data)
    expect(teacher).not.toEqual(student)
    expect(rows[2].teacherDistance).toBeGreaterThan(0)
  })
})

describe('the plan of crops', () => {
  const planFor = (largestBytes: number, memoryBytes: number) =>
    planCrops(microRecipe, memoryBytes, { ...testSource(volumes), count: 100, largestBytes })

  it('has as many cases in turn as memory keeps open, and stays longer with the few', () => {
    // Whole CTs of 150 MB in 1 GB: 750 MB for two in turn and their two successors.
    expect(planFor(150e6, 1e9)).toMatchObject({ lanes: 2, cropsPerCase: 64, bankSize: 128 })
    expect(planFor(3e6, 1e9)).toMatchObject({ lanes: 8, cropsPerCase: 8, bankSize: 128 })
    expect(planFor(700e6, 1e9)).toMatchObject({ lanes: 1, cropsPerCase: 128 })
  })

  it('lets fewer crops wait where there is little memory', () => {
    // 36³ voxels of four bytes, twice over, in a quarter of 10 MB.
    expect(planFor(1e5, 1e7).bankSize).toBe(Math.floor(2.5e6 / (2 * 4 * 36 ** 3)))
  })
})

describe.skipIf(!runtime)('the options', () => {
  it('accumulating two passes of one crop make the update of one pass of two', async () => {
    const few = { amip: 1, ampd: 0, aitd: 0.1, gitd: 0 }
    const quiet = { steps: 1, teacherDropRatio: 0, dropPathRate: 0, lossWeights: few }
    const together = await finished({ ...quiet, batch: 2 })
    const apart = await finished({ ...quiet, batch: 1, accumulate: 2 })
    expect(apart.rows[0].loss).toBeCloseTo(together.rows[0].loss, 4)
    for (const name of ['m.encoder.layers.2.blocks.0.mlp.fc1.weight', 'm.rec_head.bias', 'centres.aitd']) {
      const [a, b] = [together, apart].map(({ tensors }) => tensors[name].data as Float32Array)
      const scale = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
      expect(scale).toBeGreaterThan(0)
      // Sums of 130,000 voxels in another order: single precision leaves four digits.
      a.forEach((value, i) => expect(Math.abs(value - b[i]), name).toBeLessThan(1e-3 * scale))
    }
  })

  it('without semantic attention its parameters are gone; a loss that is off is not computed and its head not touched', async () => {
    const lossWeights = { amip: 1, ampd: 0, aitd: 0.1, gitd: 0 }
    const { tensors, rows } = await finished({
      ...{ steps: 1, semanticStage: null, masking: 'random' },
      lossWeights,
    })
    expect(Object.keys(tensors).filter(name => name.includes('.sa.'))).toEqual([])
    expect(Object.keys(rows[0].losses)).toEqual(['amip', 'aitd'])
    const moved = (name: string) => (tensors[`m.${name}`].data as Float32Array).some(value => value !== 0)
    expect(moved('head_aitd.mlp.0.weight')).toBe(true)
    expect(moved('head_ampd.mlp.0.weight')).toBe(false)
    expect(moved('head_gitd.mlp.0.weight')).toBe(false)
  })

  it('semantic attention may read stage 2, and the least attended tokens may be hidden', async () => {
    const { tensors, rows } = await finished({ steps: 1, semanticStage: 2, masking: 'low-attention' })
    expect(tensors['student.sa.cls_token'].shape).toEqual([1, 1, 8])
    expect(rows[0].amipOfMean).not.toBe(uninterrupted!.rows[0].amipOfMean)
  })

  it('with nothing hidden all voxels count, and a teacher without noise answers otherwise', async () => {
    const { rows } = await finished({ steps: 1, masking: 'none', teacherDropRatio: 0 })
    expect(rows[0].losses.amip).toBeGreaterThan(0)
    expect(rows[0].amipOfMean).not.toBe(uninterrupted!.rows[0].amipOfMean)
    expect(rows[0].entropy.gitd).not.toBe(uninterrupted!.rows[0].entropy.gitd)
  })
})
