// Turns finished runs into a model folder: averaged weights in half precision, model.json and the card that says what
// the weights are, how they came about, and what they are not.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../../src/base/errors.ts'
import { floatToHalf } from '../../src/base/half.ts'
import { modelIdentity, type NetworkEntry } from '../../src/network/model.ts'
import { readSafetensorsData, type SafetensorsTensor } from '../../src/network/safetensors.ts'
import {
  assembleModel,
  type AssembledModel,
  type ModelDescription,
} from '../../src/prediction/assembleModel.ts'
import { targetPrefix } from '../../src/training/classifierTargets.ts'
import { writeModelCard } from './modelCard.ts'
import { readSave } from '../../src/training/run/checkpoint.ts'
import { folderStorage } from './folderStorage.ts'
import { modelFolder } from './modelFiles.ts'
import { readRunRecord, type RunRecord } from './runFolder.ts'

interface Run {
  readonly entry: NetworkEntry
  readonly record: RunRecord
  readonly tensors: Record<string, SafetensorsTensor>
}

async function readRun(folder: string): Promise<Run> {
  try {
    const config = JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8'))
    const save = await readSave(folderStorage(folder))
    const { tensors } = readSafetensorsData(save!.layout)
    return { entry: config.recipe.entry, record: await readRunRecord(folder), tensors }
  } catch (error) {
    throw new InputError(
      `${folder} holds no finished run (config.json and a save are expected); train one with npm run train.`,
      String(error),
    )
  }
}

/** The run's averaged weights under the entry's prefix, in half precision. */
function halfWeights({ entry, tensors }: Run): Record<string, SafetensorsTensor> {
  return Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith('averaged.') && !name.startsWith(`averaged.${targetPrefix}`))
      .map(([name, { shape, data }]) => [
        entry.prefix + name.slice('averaged.'.length),
        { dtype: 'F16' as const, shape, data: Uint16Array.from(data, floatToHalf) },
      ]),
  )
}

/** The commands that made a run, from its start on; RUN and MODEL stand for folders, each RUN for the one before. */
function commandsOf(run: RunRecord): string[] {
  const { task, preset, method, seed, steps, minutes, learningRate, startedFrom } = run
  const isFromRun = startedFrom !== undefined && 'run' in startedFrom
  const command = [
    `npm run train -- --task ${task} --preset ${preset} --steps ${steps} --seed ${seed} --lr ${learningRate}`,
    minutes === null ? '' : ` --minutes ${minutes}`,
    method === 'probe' ? ' --method probe' : '',
    startedFrom === undefined ? '' : ` --from ${isFromRun ? 'RUN' : 'MODEL'}`,
    ' --out RUN',
  ].join('')
  return isFromRun ? [...commandsOf(startedFrom.run), command] : [command]
}

/** A run for the model's description: no folder names, which say nothing elsewhere. */
function describeRun({ startedFrom, ...run }: RunRecord): Record<string, unknown> {
  const start = startedFrom && 'run' in startedFrom ? { run: describeRun(startedFrom.run) } : startedFrom
  return {
    ...run,
    from: undefined,
    data: 'phantom-bench-v1 train (synthetic)',
    ...(start !== undefined && { startedFrom: start }),
  }
}

/** Writes public/models/NAME from run folders. @throws InputError when a run is missing. */
export async function publishModel(
  name: string,
  runs: { readonly segment: string | undefined; readonly classify: string | undefined },
  version: string,
  remarks?: readonly string[],
): Promise<void> {
  if (!runs.segment && !runs.classify)
    throw new InputError('--publish needs at least one run: --segment RUN, --classify RUN or both.')
  const segment = runs.segment ? await readRun(runs.segment) : undefined
  const classify = runs.classify ? await readRun(runs.classify) : undefined
  const parts = [segment, classify].filter(part => part !== undefined)
  const description: ModelDescription = {
    name,
    version,
    title: 'Demo (trained on synthetic scans)',
    remarks,
    networks: { ...(segment && { segment: segment.entry }), ...(classify && { classify: classify.entry }) },
    provenance: {
      notice: 'Research use — not for clinical use. Trained on synthetic scans only.',
      licence: 'Apache-2.0',
      commands: [...new Set(parts.flatMap(part => commandsOf(part.record)))],
      runs: parts.map(part => describeRun(part.record)),
    },
  }
  await writeModelFolder(await assembleModel(description, Object.assign({}, ...parts.map(halfWeights))))
}

/** Notes what a model's files now are, where the installation's index lists it. */
async function noteIdentity(models: string, name: string, identity: string): Promise<void> {
  const file = path.join(models, 'index.json')
  const index = await readFile(file, 'utf8').catch(() => undefined)
  const listed = index === undefined ? undefined : JSON.parse(index)
  if (!listed?.models?.includes(name)) return
  listed.identities = { ...listed.identities, [name]: identity }
  await writeFile(file, `${JSON.stringify(listed, null, 2)}\n`)
}

/** Writes MODELS/NAME, public/models by default: weights.safetensors, model.json and card.md; an index that lists it is kept right. */
export async function writeModelFolder(
  { manifest, weights }: AssembledModel,
  models = modelFolder(''),
): Promise<void> {
  const folder = path.join(models, manifest.name)
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, manifest.weights.file), weights)
  await writeFile(path.join(folder, 'model.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  await writeModelCard(folder)
  const identity = await modelIdentity(manifest, weights)
  await noteIdentity(models, manifest.name, identity)
  console.log(`${folder}: ${(weights.length / 1e6).toFixed(1)} MB, identity ${identity}`)
}
