import { describe, expect, it } from 'vitest'
import { InputError } from '../../base/errors.ts'
import { testRuntime } from '../../graph/testSupport.ts'
import { modelIdentity, parseManifest } from '../../network/model.ts'
import { readSafetensors } from '../../network/safetensors.ts'
import type { ModelFiles } from '../../prediction/loadModel.ts'
import { readWeights, takeParameters } from '../../prediction/weights.ts'
import { voxelCount } from '../../base/shape.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import { diceOverlap } from '../metrics.ts'
import { memoryStorage } from '../pretrain/testSupport.ts'
import { RunControl } from '../run/control.ts'
import { casesSeen, joinLearnt } from './learntFrom.ts'
import { boxOf, centreBox } from './augmentBox.ts'
import { divideCases } from './divide.ts'
import { missingShares } from './fewShot.ts'
import type { FinetuneMessage, FollowedPrediction } from './figures.ts'
import type { FollowedPlace } from './followed.ts'
import { unpackMask, type HeldOutline } from './heldOutlines.ts'
import { performFinetuning, type FinetuningOptions } from './performFinetuning.ts'
import { finetuneReport } from './report.ts'
import { finetunedModel, readFinetuneResult } from './result.ts'
import type { FinetuneSettings } from './settings.ts'
import { testCrops, testSettings } from './testSupport.ts'

const runtime = await testRuntime()
const crops = testCrops([0, 1, 0, 1, 0, 1, 0, 1])

function run(request: Partial<FinetuningOptions> & Pick<FinetuningOptions, 'storage'>) {
  return performFinetuning({
    ...{ settings: undefined, crops: undefined, start: undefined, keepsCrops: true },
    places: { openGpu: () => Promise.resolve(undefined), openCpu: () => Promise.resolve(runtime!) },
    environment: () => ({ device: 'cpu', threads: 1 }),
    ...{ control: new RunControl(), saveEvery: 1 },
    ...request,
  })
}

type Files = ReadonlyMap<string, Uint8Array>

function saveOf(files: Files): Buffer {
  const { checkpoint } = JSON.parse(new TextDecoder().decode(files.get('latest.json'))) as {
    checkpoint: string
  }
  return Buffer.from(files.get(checkpoint)!)
}

function figuresOf(files: Files): unknown[] {
  const lines = new TextDecoder().decode(files.get('history.jsonl')).trim().split('\n')
  return lines.map(line => ({
    ...(JSON.parse(line) as object),
    ...{ seconds: 0, secondsLeft: 0, cropsPerSecond: 0 },
  }))
}

/** A model to begin with: what a short run from scratch gives. */
async function makeStart(task: 'classify' | 'segment', data: CropSet): Promise<ModelFiles> {
  const { storage } = memoryStorage()
  const settings = testSettings({ task, epochs: 1, batch: 4 })
  await run({ storage, settings, crops: data })
  return finetunedModel(storage, { name: 'start' })
}

async function startOf({ manifest, weights }: ModelFiles) {
  const { name, version } = parseManifest(manifest)
  return { name, version, identity: await modelIdentity(parseManifest(manifest), weights) }
}

const start = runtime ? await makeStart('classify', crops) : undefined

/** The middle of a box as if it were a place of another scan, so that what is said of it must be what is said of its case. */
function placeAt(data: CropSet, at: number, { entry }: FinetuneSettings): FollowedPlace {
  const { hu } = centreBox(boxOf(data, at), entry.shape)
  return { at: null, patient: data.cases[at].patient, hu: Int16Array.from(hu) }
}

/**
 * Runs once through, and once showing an open scan, ended after `kill` updates and continued; both must end the same.
 * @returns the first's storage, and what was said of the scan by fold and epoch.
 */
async function runBoth(
  settings: FinetuneSettings,
  kill: number,
  data: CropSet,
  model?: ModelFiles,
  followed?: FollowedPlace,
) {
  const whole = memoryStorage()
  expect(await run({ storage: whole.storage, settings, crops: data, start: model })).toBe('finished')
  const cut = memoryStorage()
  const crash = new Error('the tab was closed')
  let made = 0
  const onRow = () => {
    if (++made === kill) throw crash
  }
  const said = new Map<string, FollowedPrediction>()
  const onMessage = (message: FinetuneMessage) => {
    if (message.kind === 'examples' && message.followed)
      said.set(`${message.fold} ${message.epoch}`, message.followed)
  }
  const killed = { storage: cut.storage, settings, crops: data, start: model, followed, keepsFollowed: true }
  await expect(run({ ...killed, onRow, onMessage, saveEvery: 2 })).rejects.toBe(crash)
  expect(await run({ storage: cut.storage, onMessage })).toBe('finished')
  expect(saveOf(cut.files).equals(saveOf(whole.files))).toBe(true)
  expect(figuresOf(cut.files)).toEqual(figuresOf(whole.files))
  return { storage: whole.storage, said }
}

describe.skipIf(!runtime)('a fine-tuning run', () => {
  // Everything is trained below, with accumulation and early stopping: each method compiles its step three times.
  it.each(['head', 'lora', 'probe'] as const)(
    'by %s ends as it would have when it is killed and continued, with an open scan shown every epoch',
    async method => {
      const settings = testSettings({ method, start: await startOf(start!) })
      // A case that the second fold holds out, which is trained after the run was killed.
      const [at] = divideCases(crops.cases, settings).folds[1].held
      const { storage, said } = await runBoth(settings, 5, crops, start, placeAt(crops, at, settings))
      const { classified, isFinished } = await readFinetuneResult(storage)
      expect(isFinished).toBe(true)
      expect(classified.map(({ at }) => at)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      for (const { probabilities, before } of classified) {
        expect(probabilities[0] + probabilities[1]).toBeCloseTo(1, 5)
        expect(before).toHaveLength(2)
      }
      const uses = [...said].map(([place, { use }]) => `${place} ${use}`)
      expect(uses).toEqual(
        method === 'probe'
          ? ['0 0 learnt', '1 0 held', '2 0 learnt']
          : ['0 0 learnt', '0 1 learnt', '1 0 held', '1 1 held', '2 0 learnt', '2 1 learnt'],
      )
      const last = said.get(method === 'probe' ? '1 0' : '1 1')!
      // Kept scores are in single precision.
      expect(last.probabilities![0]).toBeCloseTo(classified[at].probabilities[0], 6)
    },
  )

  it('of everything, with accumulation and early stopping, is continued the same, and skips what a fold does not need', async () => {
    const settings = testSettings({
      ...{ accumulate: 2, patience: 1, epochs: 4, batch: 2, learningRate: 0.03 },
      ...{ start: await startOf(start!), validation: { kind: 'folds', folds: 2 } },
    })
    const many = testCrops([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    const { storage } = await runBoth(settings, 5, many, start)
    const { rows, steps } = await readFinetuneResult(storage)
    expect(rows.length).toBeLessThan(steps)
    expect(rows.at(-1)!.stage).toBe('final')
  })

  it('segments, with its masks judged beside the start', async () => {
    const settings = testSettings({ task: 'segment', epochs: 1, batch: 2 })
    const boxes = testCrops([0, 1, 1, 0], undefined, [36, 36, 36])
    const { storage, files } = memoryStorage()
    const told: HeldOutline[] = []
    await run({
      ...{ storage, settings, crops: boxes, keepsCrops: false },
      onMessage: message => message.kind === 'outlines' && told.push(...message.outlines),
    })
    const { segmented, classified } = await readFinetuneResult(storage)
    expect(classified).toEqual([])
    expect(segmented).toHaveLength(4)
    // Nothing of a case is kept where its owner does not want that.
    expect([...files.keys()].filter(name => /outlines|crops/.test(name))).toEqual([])
    const { shape } = settings.entry
    for (const { at, after, before } of segmented) {
      expect(after.dice).toBeGreaterThanOrEqual(0)
      expect(before).toBeNull()
      // What is told of a case is what was judged.
      const outline = unpackMask(told.find(one => one.at === at)!.bits, voxelCount(shape))
      expect(diceOverlap(outline, centreBox(boxOf(boxes, at), shape).mask!)).toBeCloseTo(after.dice, 6)
    }
  })

  it.runIf(start)('stands beside the same run on fewer labels, case by case', async () => {
    const data = testCrops(Array.from({ length: 16 }, (_, at) => at % 2))
    const settings = testSettings({ method: 'probe', start: await startOf(start!) })
    const results = []
    for (const labelShare of [1, 0.25]) {
      const { storage } = memoryStorage()
      await run({ storage, settings: { ...settings, labelShare }, start, crops: data })
      results.push(await readFinetuneResult(storage))
    }
    const [all, quarter] = results
    expect(quarter.fewShotKey).toBe(all.fewShotKey)
    const { shares } = finetuneReport(quarter, 'new', [all])
    expect(shares.map(({ share, cases }) => [share, cases])).toEqual([
      [1, 16],
      [0.25, 16],
    ])
    const auc = (one: typeof all) => {
      const report = finetuneReport(one, 'new')
      return report.kind === 'classes' ? report.sets[0].after.auc!.value : NaN
    }
    expect(shares[1].figure!.value).toBe(auc(quarter))
    expect(shares[1].difference!.value).toBeCloseTo(auc(quarter) - auc(all), 10)
    // Another seed is another run, not another share of this one.
    const { storage } = memoryStorage()
    await run({ storage, settings: { ...settings, seed: 9 }, start, crops: data })
    expect((await readFinetuneResult(storage)).fewShotKey).not.toBe(all.fewShotKey)
    expect(missingShares([1, 0.25])).toEqual([0.5])
  })

  it('gives a model whose files belong together and that names its parent', async () => {
    const { storage } = memoryStorage()
    const settings = testSettings({ method: 'head', start: await startOf(start!) })
    const cases = crops.cases.map((one, at) => ({ ...one, scan: `scan ${at % 2}` }))
    await run({ storage, settings, crops: { ...crops, cases }, start })
    const { manifest, weights } = await finetunedModel(storage, { name: 'mine' })
    const file = await readWeights(parseManifest(JSON.parse(JSON.stringify(manifest))), weights)
    const own = takeParameters(file, 'classify.')
    const parent = readSafetensors(start!.weights).tensors
    // The encoder is frozen, so that it is the parent's to the bit; semantic attention and head have moved.
    for (const [name, { data }] of Object.entries(own)) {
      const before = parent[`classify.${name}`].data as Float32Array
      const isSame = Buffer.from(data.buffer).equals(Buffer.from(before.buffer))
      if (name.startsWith('encoder.')) expect(isSame, name).toBe(true)
    }
    expect(own['cls_head.weight'].data).not.toEqual(parent['classify.cls_head.weight'].data)
    expect(manifest.provenance.parent).toEqual(await startOf(start!))
    // In folds the kept model has learnt from all cases; a child of it has, too, whatever it learns from.
    expect(manifest.provenance.learntFrom).toEqual(['scan 0', 'scan 1'])
    expect(joinLearnt(manifest, [{ ...crops.cases[0], scan: 'scan 9' }])).toEqual([
      'scan 0',
      'scan 1',
      'scan 9',
    ])
    expect(casesSeen(manifest, [{ scan: 'scan 9' }, {}, { scan: 'scan 1' }])).toEqual([2])
  })

  it('is refused with other cases, and not begun twice', async () => {
    const { storage } = memoryStorage()
    const settings = testSettings({ method: 'head', start: await startOf(start!), epochs: 1, batch: 4 })
    const followed = placeAt(crops, 0, settings)
    await run({ storage, settings, start, crops, keepsCrops: false, followed })
    const notices: string[] = []
    await run({ storage, crops, onNotice: notice => notices.push(notice) })
    // Voxels of a scan that may not stay are not shown any more, and that is said.
    expect(notices.join()).toMatch(/scan that was open is not shown any more/)
    await expect(run({ storage })).rejects.toThrow(/keeps no copy of its data/)
    await expect(run({ storage, crops: testCrops([1, 0, 0, 1]) })).rejects.toThrow(/8 cases then, 4 now/)
    await expect(run({ storage, settings, start, crops })).rejects.toThrow(/already holds a run/)
  })

  it('stops at a loss that is no number and keeps the last save', async () => {
    const { storage, files } = memoryStorage()
    const settings = testSettings({ method: 'head', start: await startOf(start!), epochs: 20 })
    const outputRange: [number, number] = [-1, 1]
    // From the fourth update on the images are no numbers, and so is a loss.
    const onRow = ({ step }: { step: number }) => {
      if (step === 2) outputRange[1] = NaN
    }
    const broken = { ...settings, entry: { ...settings.entry, outputRange } }
    const going = run({ storage, settings: broken, start, crops, onRow, saveEvery: 2 })
    await expect(going).rejects.toThrow(/loss became NaN .*lower the learning rate/)
    // A sentence for whoever started it, in the page as on a command line.
    await expect(going).rejects.toBeInstanceOf(InputError)
    expect((JSON.parse(new TextDecoder().decode(files.get('latest.json'))) as { step: number }).step).toBe(2)
    const control = new RunControl()
    const rows: number[] = []
    await run({ storage, control, onRow: ({ step }) => void (rows.push(step) > 1 && control.stop()) })
    expect(rows).toEqual([2, 3])
  })
})
