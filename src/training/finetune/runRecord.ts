// What a fine-tuning run's folder says of it, beside the saves: config.json with its settings and its cases without a
// voxel or a name; the start model's own files, so that the run needs nothing else to go on; the crops where it keeps them.
import { InputError } from '../../base/errors.ts'
import { modelIdentity, parseManifest, type ModelManifest, type NetworkEntry } from '../../network/model.ts'
import type { ParameterValues } from '../../network/parameters.ts'
import type { ModelFiles } from '../../prediction/loadModel.ts'
import { readWeights, takeParameters } from '../../prediction/weights.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import {
  cropSetFile,
  cropSetIdentity,
  factsOf,
  readCropSet,
  type CropSetFacts,
} from '../labelled/cropSetFile.ts'
import { readRunConfig, writeRunConfig, type ConfigHead } from '../run/config.ts'
import type { Session } from '../run/environment.ts'
import { readJson, writeJson, type RunStorage } from '../run/storage.ts'
import { followedFile, type FollowedFacts } from './followed.ts'
import { outlinesFileRule } from './heldOutlines.ts'
import { networkOf } from './trained.ts'
import type { FinetuneSettings } from './settings.ts'

const startManifestFile = 'start.json'
const startWeightsFile = 'start.safetensors'

/** Everything that decides what a run computes, but for voxels and start weights. */
export interface FinetuneRecord {
  readonly settings: FinetuneSettings
  readonly crops: CropSetFacts & { readonly identity: string }
  /** Whether the boxes stay with the run. */
  readonly keepsCrops: boolean
  /** Absent where no scan is followed. */
  readonly followed?: FollowedFacts
}

export interface FinetuneConfig extends FinetuneRecord, ConfigHead<'finetune'> {}

/** The run's record, or undefined where none was begun. @throws InputError when it is of another kind or version. */
export const readFinetuneConfig = (storage: RunStorage): Promise<FinetuneConfig | undefined> =>
  readRunConfig<FinetuneConfig>(storage, 'finetune')

export const writeFinetuneConfig = (
  storage: RunStorage,
  { settings, crops, keepsCrops, followed }: FinetuneRecord,
  sessions: readonly Session[],
): Promise<void> => writeRunConfig(storage, 'finetune', { settings, crops, keepsCrops, followed }, sessions)

/** Files of a run that show its cases or its open scan; without them its results, history and model remain. */
export const isOfCases = (name: string): boolean =>
  name === cropSetFile || name === followedFile || outlinesFileRule.test(name)

/** The record of a run that is passed on without those files: as one that never kept them. */
export function withoutCases({ followed, ...config }: FinetuneConfig): FinetuneConfig {
  // A case is shown again as soon as its data is given again; another place is gone.
  const isCase = followed !== undefined && followed.at !== null
  return { ...config, keepsCrops: false, ...(isCase && { followed }) }
}

export async function recordOf(
  settings: FinetuneSettings,
  crops: CropSet,
  keepsCrops: boolean,
  followed: FollowedFacts | undefined,
): Promise<FinetuneRecord> {
  const facts = factsOf(crops)
  const known = { ...facts, identity: await cropSetIdentity(facts) }
  return { settings, crops: known, keepsCrops, ...(followed && { followed }) }
}

/** The crops of a continued run: its own, or those that are given again. @throws InputError when they are others. */
export async function cropsOf(
  storage: RunStorage,
  { crops: known }: FinetuneRecord,
  given: CropSet | undefined,
): Promise<CropSet> {
  const crops = given ?? (await readCropSet(storage))
  if (!crops)
    throw new InputError(
      'The run keeps no copy of its data; give the same labelled cases as when it was begun to continue it.',
    )
  if ((await cropSetIdentity(factsOf(crops))) === known.identity) return crops
  throw new InputError(
    `The cases are not those that the run was begun with (${known.cases.length} cases then, ${crops.cases.length} now); give the same files, with the same labels, to continue it.`,
  )
}

/** The start model of a run, checked. */
export interface StartModel {
  readonly manifest: ModelManifest
  readonly identity: string
  readonly weights: Uint8Array
}

export async function openStartModel({ manifest, weights }: ModelFiles): Promise<StartModel> {
  const parsed = parseManifest(manifest)
  return { manifest: parsed, identity: await modelIdentity(parsed, weights), weights }
}

export async function writeStartModel(storage: RunStorage, { manifest, weights }: StartModel): Promise<void> {
  await storage.write(startWeightsFile, weights)
  await writeJson(storage, startManifestFile, manifest)
}

/** Undefined for a run from scratch. @throws InputError when it is damaged. */
export async function readStartModel(storage: RunStorage): Promise<StartModel | undefined> {
  const manifest = await readJson(storage, startManifestFile)
  const weights = await storage.read(startWeightsFile)
  return manifest === undefined || !weights ? undefined : openStartModel({ manifest, weights })
}

/** The network of a model that a task begins with: its own, or the one whose encoder it takes. */
export function startEntry(
  { networks }: ModelManifest,
  task: FinetuneSettings['task'],
): NetworkEntry | undefined {
  return networks[networkOf(task)] ?? networks.pretrain ?? networks.segment ?? networks.classify
}

/** Whether the start model answers the question that is learnt: same network, classes, crop and spacing. */
export function answersTask(model: StartModel | undefined, { task, entry }: FinetuneSettings): boolean {
  const own = model?.manifest.networks[networkOf(task)]
  const facts = ({ labels, shape, spacingMm }: NetworkEntry) => JSON.stringify([labels, shape, spacingMm])
  return own !== undefined && facts(own) === facts(entry)
}

/** The start model's parameters for a task, under SPEC 9.1's names; a head for other classes is left out. */
export async function startParameters(
  model: StartModel | undefined,
  { task, entry }: FinetuneSettings,
): Promise<ParameterValues> {
  const from = model && startEntry(model.manifest, task)
  if (!from) return {}
  const file = await readWeights(model.manifest, model.weights)
  const own = Object.entries(takeParameters(file, from.prefix))
  const hasHead = from.prefix === entry.prefix && JSON.stringify(from.labels) === JSON.stringify(entry.labels)
  return Object.fromEntries(
    own.filter(([name]) => hasHead || !name.startsWith('cls_head.')).map(([name, { data }]) => [name, data]),
  )
}
