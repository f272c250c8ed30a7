// How the shipped models are trained: what their networks eat and the run's settings. A recipe is data; its name and
// seed stand in the model card, so that the run can be repeated.
import type { NetworkEntry } from '../network/model.ts'
import { presets, type NetworkConfig } from '../network/config.ts'

export type Task = 'segment' | 'classify'

export interface Recipe {
  readonly entry: NetworkEntry
  /** Crops of one update. */
  readonly batch: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly warmupSteps: number
  /** Times that a nodule's voxel counts in the cross entropy (segmentation). */
  readonly foregroundWeight: number
  /** Bias with which a network's last layer starts, by class: what is rare starts improbable. */
  readonly startBias: readonly number[]
}

const common = { huWindow: [-1000, 400], outputRange: [-1, 1], padHu: -1024 } as const

/** The recipe of a task for a preset; spacing and crop are chosen so that a chest takes about a minute without a GPU. */
export function recipeFor(task: Task, preset: keyof typeof presets): Recipe {
  const config: NetworkConfig = presets[preset]
  if (task === 'segment')
    return {
      entry: {
        ...common,
        config,
        prefix: 'segment.',
        spacingMm: [1.5, 1.5, 1.5],
        // Small tiles: at 64³ a nodule fills 0.03 % of a crop, and a batch of the same cost holds one patient, not eight.
        shape: [32, 32, 32],
        labels: ['background', 'nodule'],
        thresholds: { seed: 0.5, mask: 0.35, smallestDiameterMm: 3 },
      },
      batch: 4,
      learningRate: 1e-3,
      weightDecay: 0.01,
      warmupSteps: 50,
      foregroundWeight: 4,
      startBias: [1.5, -1.5],
    }
  return {
    entry: {
      ...common,
      config,
      prefix: 'classify.',
      spacingMm: [1, 1, 1],
      shape: [32, 32, 32],
      labels: ['benign', 'malignant'],
      thresholds: { malignant: 0.5 },
    },
    batch: 16,
    learningRate: 2e-3,
    weightDecay: 0.02,
    warmupSteps: 50,
    foregroundWeight: 1,
    startBias: [0, 0],
  }
}
