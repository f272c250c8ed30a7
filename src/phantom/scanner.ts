// How the patient was scanned, sampled per seed: spacing, kernel, noise, streaks, breathing.
import { exponential } from './mathPortable.ts'
import type { Triple } from '../base/shape.ts'
import type { Point } from './primitives.ts'
import { Random, streamKey } from './random.ts'

export interface Scanner {
  /** The seed's own spacing (D, H, W). */
  readonly spacingMm: Triple
  readonly kernel: 'soft' | 'standard' | 'sharp'
  /** Standard deviation of the in-plane point spread (mm). */
  readonly blurMm: number
  /** Share of a wider blur subtracted by a sharp kernel. */
  readonly enhancement: number
  /** Standard deviation in soft tissue at 0.75 × 0.75 × 1.25 mm. */
  readonly noiseHu: number
  readonly noiseKey: number
  /** Extra softness of the lung's edge next to the diaphragm. */
  readonly breathingMm: number
  readonly streaks: readonly {
    readonly source: Point
    readonly directions: Float64Array
    readonly hu: number
  }[]
}

export function planScanner(seed: number, metal: Point): Scanner {
  const random = new Random(seed, 6)
  const inPlane = random.uniform(0.6, 0.9)
  const kernel = (['soft', 'standard', 'sharp'] as const)[random.pick([0.35, 0.4, 0.25])]
  const fwhm =
    kernel === 'soft'
      ? random.uniform(1.4, 1.7)
      : kernel === 'standard'
        ? random.uniform(1.1, 1.4)
        : random.uniform(0.85, 1)
  const loudness = kernel === 'sharp' ? 1.5 : 1
  const streaks = []
  if (random.chance(0.05)) {
    const rays = 16
    const directions = new Float64Array(3 * rays)
    for (let i = 0; i < rays; i++) {
      const [x, y] = random.direction()
      const length = Math.sqrt(x * x + y * y) + 1e-6
      directions.set([x / length, y / length, random.uniform(-1, 1)], 3 * i)
    }
    streaks.push({ source: metal, directions, hu: random.uniform(60, 220) })
  }
  return {
    spacingMm: [[0.8, 1, 1.25, 1.25, 1.5, 2, 2.5, 3][random.below(8)], inPlane, inPlane],
    kernel,
    blurMm: fwhm / 2.354820045,
    enhancement: kernel === 'sharp' ? random.uniform(0.3, 0.8) : 0,
    noiseHu: exponential(random.uniform(2.5, 3.7)) * loudness,
    noiseKey: streamKey(seed, 106),
    breathingMm: random.chance(0.3) ? random.uniform(1, 5) : 0,
    streaks,
  }
}
