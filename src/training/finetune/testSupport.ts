// For tests: labelled boxes that a network of a few thousand parameters can learn, and settings that run in tenths of a
// second.
import type { Triple } from '../../base/shape.ts'
import { voxelCount } from '../../base/shape.ts'
import type { NetworkEntry } from '../../network/model.ts'
import type { CropSet } from '../labelled/cropSet.ts'
import { microConfig } from '../pretrain/testSupport.ts'
import type { FinetuneSettings } from './settings.ts'

/** A ball in the middle of each box; of class 1 the large ones. `patients[i]` and `labels[i]` are case i's. */
export function testCrops(
  labels: readonly number[],
  patients: readonly number[] = labels.map((_, at) => at),
  shape: Triple = [20, 20, 20],
): CropSet {
  const voxels = voxelCount(shape)
  const hu = new Int16Array(labels.length * voxels)
  const masks = new Uint8Array(hu.length)
  const middle = shape.map(size => (size - 1) / 2)
  labels.forEach((label, at) => {
    const radius = 2.5 + 2 * label + 0.1 * (at % 5)
    let i = at * voxels
    for (let d = 0; d < shape[0]; d++)
      for (let h = 0; h < shape[1]; h++)
        for (let w = 0; w < shape[2]; w++, i++) {
          const distance = Math.hypot(d - middle[0], h - middle[1], w - middle[2])
          const texture = 40 * Math.sin(0.7 * d + at) * Math.cos(0.5 * h + 0.3 * w)
          masks[i] = distance <= radius ? 1 : 0
          hu[i] = Math.round((masks[i] ? 30 : -800) + texture)
        }
  })
  const names = ['benign', 'malignant', 'other'].slice(0, Math.max(2, ...labels.map(label => label + 1)))
  return {
    ...{ shape, spacingMm: [1, 1, 1], classes: names, hu, masks },
    cases: labels.map((label, at) => ({
      ...{ patient: patients[at], label, isIndeterminate: false, hasMask: true, synthetic: true },
      volumeMm3: 100 + 400 * label,
      identity: String(at).padStart(64, '0'),
    })),
  }
}

export function testEntry(task: 'segment' | 'classify', shape: Triple, classes = 2): NetworkEntry {
  return {
    config: { ...microConfig, n_classes: classes },
    prefix: `${task}.`,
    ...{ spacingMm: [1, 1, 1], shape, huWindow: [-1000, 400], outputRange: [-1, 1], padHu: -1024 },
    labels:
      task === 'segment' ? ['background', 'nodule'] : ['benign', 'malignant', 'other'].slice(0, classes),
    thresholds: {},
  }
}

export const noAugmentation = {
  ...{ flip: false, rotationDegrees: 0, scaling: 0, shiftVoxels: 0, huOffset: 0, contrast: 0, noiseHu: 0 },
}

export function testSettings(changes: Partial<FinetuneSettings> = {}): FinetuneSettings {
  const task = changes.task ?? 'classify'
  const isSegmentation = task === 'segment'
  return {
    ...{ task, method: 'full', start: 'scratch' },
    entry: testEntry(isSegmentation ? 'segment' : 'classify', isSegmentation ? [32, 32, 32] : [16, 16, 16]),
    boxShape: isSegmentation ? [36, 36, 36] : [20, 20, 20],
    validation: { kind: 'folds', folds: 2 },
    ...{ labelShare: 1, epochs: 2, batch: 2, accumulate: 1, learningRate: 3e-3, warmupSteps: 0 },
    ...{ weightDecay: 0.01, layerDecay: 0.8, loraRank: 2, balanceClasses: true, labelSmoothing: 0.05 },
    augment: { ...noAugmentation, flip: true, rotationDegrees: 10, shiftVoxels: 1, noiseHu: 10 },
    ...{ patience: null, averaging: 0.9, seed: 3 },
    ...changes,
  }
}
