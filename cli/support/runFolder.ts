// A training run's folder: config.json (settings, recipe, device, what it started from) beside the saves of every run.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../../src/base/errors.ts'
import type { presets } from '../../src/network/config.ts'
import { initialiseParameters } from '../../src/network/initialise.ts'
import { modelIdentity, parseManifest } from '../../src/network/model.ts'
import type { ParameterShapes, ParameterValues } from '../../src/network/parameters.ts'
import { readSafetensorsData } from '../../src/network/safetensors.ts'
import { readWeights, takeParameters } from '../../src/prediction/weights.ts'
import type { Recipe, Task } from '../../src/training/recipe.ts'
import { readSave } from '../../src/training/run/checkpoint.ts'
import { groupState, type TrainState } from '../../src/training/stepGraph.ts'
import { folderStorage } from './folderStorage.ts'
import { readModelFiles } from './modelFiles.ts'

export interface RunSettings {
  readonly schemaVersion: 1
  readonly task: Task
  readonly preset: keyof typeof presets
  readonly steps: number
  readonly minutes: number | null
  readonly seed: number
  readonly learningRate: number
  /** Run (its averaged weights) or model folder that this one starts from, where names and shapes agree. */
  readonly from: string | null
  /** All parameters, or the classification head on features of `from`. */
  readonly method: 'full' | 'probe'
}

/** The state of a run's last save. @throws InputError when there is none. */
export async function loadCheckpoint(folder: string): Promise<TrainState> {
  const save = await readSave(folderStorage(folder))
  if (!save) throw new InputError(`${folder} holds no run that was saved; train one with npm run train.`)
  const { tensors } = readSafetensorsData(save.layout)
  const values = Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array] as const)
  return groupState(Object.fromEntries(values), save.step)
}

/** Fresh parameters, with those of another run in their place where `--from` names one. */
export async function startParameters(
  { task, seed, from }: RunSettings,
  shapes: ParameterShapes,
  recipe: Recipe,
): Promise<ParameterValues> {
  const fresh = initialiseParameters(shapes, seed)
  fresh[task === 'segment' ? 'decoder.out.conv.conv.bias' : 'cls_head.bias'].set(recipe.startBias)
  if (from === null) return fresh
  const known = existsSync(path.join(from, 'model.json'))
    ? await modelParameters(from, task)
    : (await loadCheckpoint(from)).groups.averaged
  for (const [name, values] of Object.entries(fresh))
    if (known[name]?.length === values.length) values.set(known[name])
  return fresh
}

/** What a run started from, for its record: a published model with its runs, or another run with what that started from. */
export type Start =
  | { readonly model: string; readonly version: string; readonly sha256: string; readonly runs: unknown }
  | { readonly run: RunRecord }

/** A run as its config.json has it, without the recipe, and the updates that it made. */
export interface RunRecord extends RunSettings {
  readonly loss: string
  readonly device: string
  readonly startedFrom?: Start
  readonly updates: number
}

/** @throws Error when the folder holds no finished run. */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const config = JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8'))
  delete config.recipe
  return { ...config, updates: (await loadCheckpoint(folder)).step }
}

async function describeStart({ from }: RunSettings): Promise<Start | undefined> {
  if (from === null) return undefined
  if (!existsSync(path.join(from, 'model.json'))) return { run: await readRunRecord(from) }
  const files = await readModelFiles(from)
  const manifest = parseManifest(files.manifest)
  const { name, version, provenance } = manifest
  return { model: name, version, sha256: await modelIdentity(manifest, files.weights), runs: provenance.runs }
}

/** Weights of a published model's network of the task, or where it has none those of its other network. */
async function modelParameters(folder: string, task: Task): Promise<ParameterValues> {
  const files = await readModelFiles(folder)
  const manifest = parseManifest(files.manifest)
  const entry = manifest.networks[task] ?? manifest.networks.segment ?? manifest.networks.classify
  const own = takeParameters(await readWeights(manifest, files.weights), entry!.prefix)
  return Object.fromEntries(Object.entries(own).map(([name, { data }]) => [name, data]))
}

const lossNames = {
  full: {
    segment: 'weighted cross entropy + Dice over the batch',
    classify: 'cross entropy + squared error of the attributes + cross entropy of the place',
  },
  probe: { segment: 'none', classify: 'logistic regression with an L2 penalty' },
} as const

export async function writeConfig(
  folder: string,
  settings: RunSettings,
  recipe: Recipe,
  device: string,
): Promise<void> {
  const startedFrom = await describeStart(settings)
  const config = { ...settings, loss: lossNames[settings.method][settings.task], startedFrom, recipe, device }
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'config.json'), JSON.stringify(config, null, 1))
}
