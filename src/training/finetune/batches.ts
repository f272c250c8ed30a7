// Which crops a pass of a run reads, and as what: everything follows from the number of the pass, so that a continued
// run reads what it would have read.
import { voxelCount } from '../../base/shape.ts'
import { normaliseHu } from '../../tokens/normalise.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import type { Batch } from '../trainStep.ts'
import { augmentedCrop, boxOf, centreBox } from './augmentBox.ts'
import { classWeights, epochOrder, type Division } from './divide.ts'
import type { FinetuneSettings } from './settings.ts'

/** Where a pass stands: in which part of the run, which epoch, which pass of that epoch (0-based). */
export interface PassPlace {
  readonly part: number
  readonly epoch: number
  readonly passInEpoch: number
  /** Of the whole run: what its augmentation is drawn from. */
  readonly pass: number
}

/** Smoothed and weighted distribution of a class, [K]. */
function targetOf(label: number, classes: number, smoothing: number, weight: number): number[] {
  return Array.from(
    { length: classes },
    (_, k) => weight * ((k === label ? 1 - smoothing : 0) + smoothing / classes),
  )
}

/** The batches of a division; positions beyond an epoch's cases begin its order anew. */
export function batchMaker(crops: CropSet, division: Division, settings: FinetuneSettings) {
  const { task, entry, batch, augment, seed, labelSmoothing, balanceClasses } = settings
  const voxels = voxelCount(entry.shape)
  const classes = entry.config.n_classes
  const labels = division.train.map(at => crops.cases[at].label ?? 0)
  const weights = classWeights(labels, classes, balanceClasses)
  return ({ part, epoch, passInEpoch, pass }: PassPlace): Batch => {
    const order = epochOrder(division.train, seed, part, epoch)
    const images = new Float32Array(batch * voxels)
    const masks = new Int32Array(task === 'segment' ? batch * voxels : 0)
    const targets = new Float32Array(batch * classes)
    for (let position = 0; position < batch; position++) {
      const at = order[(passInEpoch * batch + position) % order.length]
      const crop = augmentedCrop(crops, at, entry.shape, augment, { seed, pass, position })
      images.set(normaliseHu(crop.hu, entry.huWindow, entry.outputRange, crop.hu), position * voxels)
      if (task === 'segment') masks.set(crop.mask!, position * voxels)
      else {
        const label = crops.cases[at].label!
        targets.set(targetOf(label, classes, labelSmoothing, weights[label]), position * classes)
      }
    }
    return task === 'segment' ? { images, labels: masks } : { images, targets }
  }
}

/** Normalised middle of a case's box [D·H·W] of the network's crop: what it is judged on. */
export function judgedImage(
  crops: CropSet,
  at: number,
  { entry }: Pick<FinetuneSettings, 'entry'>,
): Float32Array {
  const { hu } = centreBox(boxOf(crops, at), entry.shape)
  return normaliseHu(hu, entry.huWindow, entry.outputRange, hu)
}
