// The place of the scan that was open when a run began, on which every epoch's model is shown. It is kept with the run, so
// that a continued one shows the same; nothing that a run learns or judges depends on it.
import { InputError } from '../../base/errors.ts'
import { voxelCount } from '../../base/shape.ts'
import { readSafetensors, writeSafetensors } from '../../network/safetensors.ts'
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import { normaliseHu } from '../../tokens/normalise.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import type { RunStorage } from '../run/storage.ts'
import { judgedImage } from './batches.ts'
import type { Division } from './divide.ts'
import type { FollowedPrediction } from './figures.ts'
import { predictionOf } from './judge.ts'
import type { FinetuneSettings } from './settings.ts'

/** What the record of a run says of the place. */
export interface FollowedFacts {
  /** Index into the crop set of the case that it is, whose box is shown; null for another place. */
  readonly at: number | null
  /** Whose scan it is, among the patients of the crop set; null for none of them. */
  readonly patient: number | null
}

export interface FollowedPlace extends FollowedFacts {
  /** HU, [D,H,W] of the network's crop; null where it is a case. */
  readonly hu: Int16Array | null
}

export const followedFile = 'followed.safetensors'

export async function writeFollowed(
  storage: RunStorage,
  hu: Int16Array,
  { entry }: Pick<FinetuneSettings, 'entry'>,
): Promise<void> {
  const tensors = { hu: { dtype: 'I16' as const, shape: [...entry.shape], data: hu } }
  await storage.write(followedFile, writeSafetensors(tensors, { notice: researchNotice }))
}

/** The place of a run that goes on; undefined where its voxels were not kept. @throws InputError when they are damaged. */
export async function readFollowed(
  storage: RunStorage,
  facts: FollowedFacts,
  { entry }: Pick<FinetuneSettings, 'entry'>,
): Promise<FollowedPlace | undefined> {
  if (facts.at !== null) return { ...facts, hu: null }
  const bytes = await storage.read(followedFile)
  if (!bytes) return undefined
  const hu = readSafetensors(bytes).tensors.hu?.data
  if (hu instanceof Int16Array && hu.length === voxelCount(entry.shape)) return { ...facts, hu }
  throw new InputError(
    `The run's ${followedFile} does not hold the ${entry.shape.join(' × ')} voxels of its open scan; remove the file to continue without them, or restore it.`,
  )
}

/** Normalised HU [D·H·W] of the network's crop. */
export function followedImage(
  { at, hu }: FollowedPlace,
  crops: CropSet,
  settings: FinetuneSettings,
): Float32Array {
  if (at !== null) return judgedImage(crops, at, settings)
  const { huWindow, outputRange } = settings.entry
  return normaliseHu(hu!, huWindow, outputRange)
}

/** What a model that was trained on `division` says of the place; `row`: its probabilities, as the network gives them. */
export function followedPrediction(
  { at, patient, hu }: FollowedPlace,
  row: ArrayLike<number>,
  { train }: Pick<Division, 'train'>,
  { cases }: Pick<CropSet, 'cases'>,
  { task }: Pick<FinetuneSettings, 'task'>,
): FollowedPrediction {
  const isLearnt = train.some(one => cases[one].patient === patient)
  const use = patient === null ? 'foreign' : isLearnt ? 'learnt' : 'held'
  return { at, use, hu, ...predictionOf(row, task) }
}
