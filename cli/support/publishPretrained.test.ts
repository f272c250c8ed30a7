import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runEagerly, sample } from '../../src/graph/testSupport.ts'
import { attentionProgram, attend } from '../../src/insight/attention.ts'
import { openLabModel, type LabModel } from '../../src/insight/labModel.ts'
import { featureProgram } from '../../src/insight/tokenFeatures.ts'
import type { LabProgram } from '../../src/insight/steadyProgram.ts'
import { startParameters, openStartModel } from '../../src/training/finetune/runRecord.ts'
import { recommendSettings } from '../../src/training/finetune/recommend.ts'
import { stateShapes, startState } from '../../src/training/pretrain/pretrainUpdates.ts'
import type { PretrainOptions } from '../../src/training/pretrain/options.ts'
import { writeConfig, type PretrainSettings } from '../../src/training/pretrain/runRecord.ts'
import {
  memoryStorage,
  microConfig,
  microOptions,
  microRecipe,
} from '../../src/training/pretrain/testSupport.ts'
import { saveState } from '../../src/training/run/checkpoint.ts'
import { writeJson } from '../../src/training/run/storage.ts'
import { flattenState } from '../../src/training/stepGraph.ts'
import { readModelFiles } from './modelFiles.ts'
import { loadNodeRuntime } from './nodeRuntime.ts'
import { pretrainFlags, readOptions } from './pretrainFlags.ts'
import { publishPretrained } from './publishPretrained.ts'

const side = [32, 32, 32] as const
const image = sample([1, ...side, 1])
const noTeacherNoise = new Float32Array(16 ** 3).fill(1)

let models: string
beforeAll(async () => {
  models = await mkdtemp(path.join(os.tmpdir(), 'models-'))
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
})
afterAll(() => rm(models, { recursive: true }))

/** A run that was saved after two of its three updates: student and teacher have nothing in common. */
async function makeRun(changes: Partial<PretrainOptions> = {}, data = ['phantom:train', '2 volumes']) {
  const { storage } = memoryStorage()
  const options = microOptions({ learningRate: 3e-4, masking: 'random', ...changes })
  const settings: PretrainSettings = {
    ...{ preset: 'tiny', recipe: microRecipe, options, caseCount: 2, memoryBytes: 1e8, data },
    plan: { lanes: 1, cropsPerCase: 8, bankSize: 4, usesPerCrop: 2 },
  }
  const { student } = startState(microRecipe, options).groups
  const { groups } = startState(microRecipe, { ...options, seed: 5 })
  const state = { ...groups, student, teacher: groups.teacher }
  await writeConfig(storage, settings, [])
  await writeJson(storage, 'data.json', { allSynthetic: false, cases: [] })
  const shapes = stateShapes(microRecipe, options)
  await saveState(storage, flattenState(shapes), { step: 2, tensors: flattenState(state) })
  const parametersOf = (who: 'student' | 'teacher'): LabProgram['parameters'] =>
    Object.fromEntries(
      Object.entries(shapes[who]).map(([name, shape]) => [name, { shape, data: state[who][name] }]),
    )
  return { storage, options, parametersOf }
}

async function openPublished(name: string): Promise<LabModel> {
  const runtime = await loadNodeRuntime(1)
  return openLabModel(await readModelFiles(path.join(models, name)), {
    openGpu: () => Promise.resolve(undefined),
    openCpu: why => ({ ...runtime, label: why }),
  })
}

/** What a program gives with a run's own parameters, by tfjs alone. */
function eagerly({ inputs, parameters, compute }: LabProgram, values: Record<string, Float32Array>) {
  const own = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [name, { shape, dtype: 'float32' as const }]),
  )
  const data = Object.fromEntries(Object.entries(parameters).map(([name, one]) => [name, one.data]))
  return runEagerly(t => compute(t, t), { ...inputs, ...own }, { ...values, ...data })
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.sqrt(Array.from(a, (value, i) => (value - b[i]) ** 2).reduce((sum, one) => sum + one, 0))
const norm = (a: ArrayLike<number>) => distance(a, new Float32Array(a.length))

test('published files open as a model whose student and teacher see what those of the run see', async () => {
  const { storage, parametersOf } = await makeRun()
  await publishPretrained('mine', storage, '0.3.0', models)
  expect((await readdir(path.join(models, 'mine'))).sort()).toEqual([
    ...['card.md', 'model.json', 'weights.safetensors'],
  ])
  const model = await openPublished('mine')
  const features: Float32Array[] = []
  for (const role of ['student', 'teacher'] as const) {
    const ofModel = { config: microConfig, shape: side, parameters: model.parameters('pretrain', role) }
    const program = await model.program(role, () => featureProgram(ofModel, 3))
    const got = (await program.run({ image })).features.data as Float32Array
    const encoder = featureProgram({ ...ofModel, parameters: parametersOf(role) }, 3)
    const wanted = (await eagerly(encoder, { image })).features.data
    // Half precision keeps 11 bits of a weight: 5e-4 of it, which four stages add up.
    expect(distance(got, wanted) / norm(wanted)).toBeLessThan(5e-3)
    features.push(got)

    const { satt } = await attend(model, image, side, { task: 'pretrain', role, dropout: undefined })
    const attention = attentionProgram(microConfig, parametersOf(role), side)
    const own = (await eagerly(attention, { image, keep: noTeacherNoise })).satt.data
    expect(distance(satt, own) / norm(own)).toBeLessThan(5e-3)
  }
  expect(distance(features[0], features[1])).toBeGreaterThan(0.1 * norm(features[0]))
  await model.release()
})

test('an index that lists the model gets its new identity, and one that does not is left alone', async () => {
  const { storage } = await makeRun()
  const file = path.join(models, 'index.json')
  const index = { models: ['listed'], lab: 'listed', identities: { listed: 'old' } }
  await writeFile(file, JSON.stringify(index))
  await publishPretrained('listed', storage, '0.3.0', models)
  await publishPretrained('unlisted', storage, '0.3.0', models)
  const card = await readFile(path.join(models, 'listed', 'card.md'), 'utf8')
  const identity = /`([0-9a-f]{64})`/.exec(card)![1]
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ ...index, identities: { listed: identity } })
})

test('the published model is a start for fine-tuning, with the student’s encoder', async () => {
  const { storage, parametersOf } = await makeRun()
  await publishPretrained('start', storage, '0.3.0', models)
  const start = await openStartModel(await readModelFiles(path.join(models, 'start')))
  const crops = {
    ...{ classes: ['benign', 'malignant'], cases: 8, patients: 8, masks: 0, maskPatients: 0 },
    ...{ casesByClass: [4, 4], patientsByClass: [4, 4], synthetic: false },
  }
  const { settings } = recommendSettings(crops, 'classify', start, { kind: 'cpu', threads: 1 })
  const values = await startParameters(start, settings)
  const name = 'encoder.layers.2.blocks.0.mlp.fc1.weight'
  const { data } = parametersOf('student')[name]
  expect(values[name]).toHaveLength(data.length)
  expect(distance(values[name], data) / norm(data)).toBeLessThan(5e-4)
})

test('the card says how far the run was, and the command makes the same run', async () => {
  const lossWeights = { amip: 1, ampd: 0, aitd: 0.5, gitd: 0.1 }
  const changes = { teacherDropRatio: 0, lossWeights, temperatureWarmupSteps: 1, batch: 2, warmupSteps: 1 }
  const { storage, options } = await makeRun(changes)
  await publishPretrained('told', storage, '0.3.0', models)
  const card = await readFile(path.join(models, 'told', 'card.md'), 'utf8')
  expect(card).toContain('The run has made 2 of 3 updates')
  expect(card).toContain('Crops of unlabelled scans: phantom:train, 2 volumes.')
  expect(card).not.toContain('no patient')
  const command = /^npm run pretrain -- (.*)$/m.exec(card)![1].split(' ')
  const flags = {
    ...pretrainFlags,
    data: { type: 'string', multiple: true },
    out: { type: 'string' },
  } as const
  const { values } = parseArgs({ args: command, options: flags })
  expect(values.data).toEqual(['phantom:train', 'FOLDER'])
  expect(readOptions(values)).toEqual(options)
})

test.each([
  [{ semanticStage: null }, 'has no semantic attention'],
  [{ semanticStage: 2 as const }, 'semantic attention at stage 2'],
  [{ lossWeights: { amip: 0, ampd: 1, aitd: 0, gitd: 0 } }, 'reconstructs nothing'],
])('a run with %j is refused in a sentence', async (changes, sentence) => {
  const { storage } = await makeRun(changes)
  await expect(publishPretrained('no', storage, '0.3.0', models)).rejects.toThrow(sentence)
})

test('neither a name that leaves the folder nor an empty folder makes a model', async () => {
  const { storage } = await makeRun()
  await expect(publishPretrained('../no', storage, '0.3.0', models)).rejects.toThrow('cannot be called')
  const empty = memoryStorage().storage
  await expect(publishPretrained('no', empty, '0.3.0', models)).rejects.toThrow('train one first')
})
