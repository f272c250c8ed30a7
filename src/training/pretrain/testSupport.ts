// For tests: a network so small that a step compiles and runs in tenths of a second, synthetic volumes, and a run's
// storage in memory.
import type { Triple } from '../../base/shape.ts'
import { voxelCount } from '../../base/shape.ts'
import type { NetworkConfig } from '../../network/config.ts'
import { presets } from '../../network/config.ts'
import type { Volume } from '../../volume/volume.ts'
import type { RunStorage } from '../run/storage.ts'
import { volumeCase, type CaseSource } from './cases.ts'
import { defaultOptions, type PretrainOptions } from './options.ts'
import type { PretrainRecipe } from './recipe.ts'

export const microConfig: NetworkConfig = {
  ...presets.tiny,
  embed: 4,
  depths: [1, 1, 1, 1],
  heads: [1, 1, 2, 2],
  sa_depth: 1,
  mlp_ratio: 2,
  K: 8,
  head_hidden: 8,
  head_bottleneck: 4,
  rec_source: 'stage4',
}

export const microRecipe: PretrainRecipe = {
  config: microConfig,
  cropShape: [32, 32, 32],
  spacingMm: [1, 1, 1],
  borderVoxels: 2,
  huWindow: [-1000, 400],
  outputRange: [-1, 1],
  remark: 'for tests',
}

export function microOptions(changes: Partial<PretrainOptions> = {}): PretrainOptions {
  return { ...defaultOptions(3), batch: 1, warmupSteps: 0, temperatureWarmupSteps: 0, ...changes }
}

/** Waves of soft tissue in lung, different for every seed; axis aligned, its first voxel at the origin. */
export function testVolume(
  seed: number,
  shape: Triple = [40, 40, 40],
  spacingMm: Triple = [1, 1, 1],
): Volume {
  const [D, H, W] = shape
  const hu = new Int16Array(voxelCount(shape))
  let i = 0
  for (let d = 0; d < D; d++)
    for (let h = 0; h < H; h++)
      for (let w = 0; w < W; w++)
        hu[i++] = Math.round(
          -400 + 450 * Math.sin(0.3 * d + seed) * Math.cos(0.2 * h) * Math.sin(0.25 * w + seed),
        )
  const [dMm, hMm, wMm] = spacingMm
  return { shape, spacingMm, hu, affine: [wMm, 0, 0, 0, 0, hMm, 0, 0, 0, 0, dMm, 0, 0, 0, 0, 1] }
}

/** `opened` counts how often each case was opened. */
export function testSource(volumes: readonly Volume[], opened: number[] = []): CaseSource {
  return {
    count: volumes.length,
    largestBytes: Math.max(...volumes.map(({ hu }) => hu.byteLength)),
    open(index) {
      opened[index] = (opened[index] ?? 0) + 1
      const extent = { shape: microRecipe.cropShape, spacingMm: microRecipe.spacingMm }
      return volumeCase(volumes[index], extent, { name: `Volume ${index + 1}`, synthetic: true })
    },
  }
}

/** Files of a run in memory; `refuse` makes writing a file fail as a full disk does. */
export function memoryStorage(refuse: (name: string) => boolean = () => false) {
  const files = new Map<string, Uint8Array>()
  const write = (name: string, bytes: Uint8Array) => {
    if (refuse(name)) return Promise.reject(new Error('no space left'))
    files.set(name, bytes.slice())
    return Promise.resolve()
  }
  const storage: RunStorage = {
    read: name => Promise.resolve(files.get(name)),
    write,
    append(name, text) {
      const before = files.get(name) ?? new Uint8Array(0)
      const added = new TextEncoder().encode(text)
      const whole = new Uint8Array(before.length + added.length)
      whole.set(before)
      whole.set(added, before.length)
      return write(name, whole)
    },
    remove(name) {
      files.delete(name)
      return Promise.resolve()
    },
  }
  return { storage, files }
}
