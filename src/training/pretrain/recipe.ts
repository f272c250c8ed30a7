// How a preset is pretrained: what its crops are and which of its parts differ from the preset.
import type { Triple } from '../../base/shape.ts'
import { presets, type NetworkConfig } from '../../network/config.ts'

export interface PretrainRecipe {
  readonly config: NetworkConfig
  /** Voxels of a view; sides are multiples of 32. */
  readonly cropShape: Triple
  readonly spacingMm: Triple
  /** Voxels around a crop within which its two views move against each other. */
  readonly borderVoxels: number
  readonly huWindow: readonly [number, number]
  readonly outputRange: readonly [number, number]
  readonly remark: string
}

export type Preset = keyof typeof presets

const common = {
  spacingMm: [1.5, 1.5, 1.5],
  borderVoxels: 6,
  huWindow: [-1000, 400],
  outputRange: [-1, 1],
} as const

/**
 * The recipe of a preset. `demo` reconstructs from stage 4 (8C channels, 16³ voxels a token): from the bottleneck the
 * reconstruction head alone would have 8.4 million parameters (33 MB), seven times the encoder, and is thrown away after
 * pretraining. The price: the fourth stage's patch merging is then on no path to a loss and stays as it was drawn.
 */
export function pretrainRecipe(preset: Preset): PretrainRecipe {
  const config: NetworkConfig = presets[preset]
  if (preset === 'demo')
    return {
      ...common,
      config: { ...config, rec_source: 'stage4' },
      cropShape: [32, 32, 32],
      remark:
        'Reconstruction from stage 4 (16³ voxels a token) instead of the bottleneck, whose head would outweigh the encoder seven times; the fourth patch merging is not trained.',
    }
  const side = preset === 'tiny' ? 32 : 96
  return {
    ...common,
    config,
    cropShape: [side, side, side],
    remark: 'Reconstruction from the bottleneck (32³ voxels a token), as SMIT and SMART.',
  }
}
