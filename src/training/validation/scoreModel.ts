// A model as it is, on labelled crops: what honest validation reads. Whether it has seen them is not known here.
import { InputError, throwIfCancelled } from '../../base/errors.ts'
import { voxelCount } from '../../base/shape.ts'
import type { NetworkEntry } from '../../network/model.ts'
import type { LoadedModel } from '../../prediction/loadModel.ts'
import { normaliseHu } from '../../tokens/normalise.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import { judgeMask } from './judgeMask.ts'
import type { ScoredClass, ScoredMask } from './scored.ts'

/** A voxel belongs to the lesion from this probability on, as in fine-tuning. */
export const maskProbability = 0.5

export interface ScoreOptions {
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** The normalised crop of a case; the set's boxes have the network's own shape. */
function imageOf(crops: CropSet, at: number, { huWindow, outputRange }: NetworkEntry): Float32Array {
  const voxels = voxelCount(crops.shape)
  return normaliseHu(crops.hu.subarray(at * voxels, (at + 1) * voxels), huWindow, outputRange)
}

/** Where each of the set's classes stands among the model's labels. @throws InputError for others. */
function labelOrder(classes: readonly string[], labels: readonly string[]): number[] {
  const known = labels.map(label => label.toLowerCase())
  const order = classes.map(name => known.indexOf(name.toLowerCase()))
  if (classes.length < 2)
    throw new InputError(
      'The cases have no two classes; a label column with two or more classes is expected.',
    )
  if (order.includes(-1) || classes.length !== labels.length)
    throw new InputError(
      `The model tells apart “${labels.join('”, “')}”, the cases are labelled “${classes.join('”, “')}”; name the classes alike, or choose a model that was trained on them.`,
    )
  return order
}

/**
 * The classes that the model gives to the cases with a label.
 * @param crops boxes of the entry's shape and spacing.
 * @throws InputError when the model does not classify, or its classes are others; CancelledError.
 */
export async function scoreClasses(
  { manifest, classify }: Pick<LoadedModel, 'manifest' | 'classify'>,
  crops: CropSet,
  { onProgress, signal }: ScoreOptions = {},
): Promise<ScoredClass[]> {
  const entry = manifest.networks.classify
  if (!entry || !classify) throw new InputError(`The model ${manifest.name} classifies nothing.`)
  const order = labelOrder(crops.classes, entry.labels)
  const scored: ScoredClass[] = []
  for (const [at, { patient, label, isIndeterminate, volumeMm3 }] of crops.cases.entries()) {
    throwIfCancelled(signal, 'Judging the model')
    if (label !== null) {
      const given = await classify(imageOf(crops, at, entry))
      const probabilities = order.map(place => given[place])
      scored.push({ patient, label, isIndeterminate, volumeMm3, probabilities, before: null, at })
    }
    onProgress?.(at + 1, crops.cases.length)
  }
  return scored
}

/**
 * The masks that the model draws of the cases with one, within one tile around each.
 * @param crops boxes of the entry's shape and spacing.
 * @throws InputError when the model segments nothing or no case has a mask; CancelledError.
 */
export async function scoreMasks(
  { manifest, segment }: Pick<LoadedModel, 'manifest' | 'segment'>,
  crops: CropSet,
  { onProgress, signal }: ScoreOptions = {},
): Promise<ScoredMask[]> {
  const entry = manifest.networks.segment
  if (!entry || !segment) throw new InputError(`The model ${manifest.name} segments nothing.`)
  const { masks } = crops
  if (!masks) throw new InputError('None of the cases has a mask; X.nii.gz with X_mask.nii.gz is expected.')
  const voxels = voxelCount(crops.shape)
  const scored: ScoredMask[] = []
  for (const [at, { patient, hasMask, volumeMm3 }] of crops.cases.entries()) {
    throwIfCancelled(signal, 'Judging the model')
    if (hasMask) {
      const probability = await segment(imageOf(crops, at, entry))
      const drawn = Uint8Array.from(probability, p => Number(p >= maskProbability))
      const truth = masks.subarray(at * voxels, (at + 1) * voxels)
      const after = judgeMask(drawn, truth, crops.shape, crops.spacingMm)
      scored.push({ patient, at, volumeMm3, after, before: null })
    }
    onProgress?.(at + 1, crops.cases.length)
  }
  return scored
}
