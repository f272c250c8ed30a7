// The phantom's only source of chance: MurmurHash3 (32 bit, x86) of (seed, stream, counter). Counter-based, so any value can be had
// without the ones before it, and integer-only, so every engine gives the same bits.
import { cosine, logarithm, sine } from './mathPortable.ts'

/** One MurmurHash3 round: folds the word `k` into the state `h`. */
export function mixWord(h: number, k: number): number {
  k = Math.imul(k, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  h ^= Math.imul(k, 0x1b873593)
  h = (h << 13) | (h >>> 19)
  return (Math.imul(h, 5) + 0xe6546b64) | 0
}

/** MurmurHash3's final avalanche; returns an unsigned 32-bit integer. */
export function finishHash(h: number): number {
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A 32-bit key for one purpose of one seed. */
export function streamKey(seed: number, stream: number): number {
  return finishHash(mixWord(mixWord(0x5eed, seed), stream))
}

/** Draws from one (seed, stream) in order; two streams of a seed never influence each other. */
export class Random {
  private readonly key: number
  private counter = 0

  constructor(seed: number, stream: number) {
    this.key = streamKey(seed, stream)
  }

  /** Unsigned 32-bit integer. */
  integer(): number {
    return finishHash(mixWord(this.key, this.counter++))
  }

  /** Open interval (0, 1), or (low, high). */
  uniform(low = 0, high = 1): number {
    return low + ((this.integer() + 0.5) / 4294967296) * (high - low)
  }

  below(count: number): number {
    return Math.floor(this.uniform() * count)
  }

  chance(probability: number): boolean {
    return this.uniform() < probability
  }

  /** Box–Muller; two uniforms a draw. */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * logarithm(this.uniform()))
    return mean + deviation * radius * cosine(6.283185307179586 * this.uniform())
  }

  /** Index drawn with the given weights. */
  pick(weights: readonly number[]): number {
    let total = 0
    for (const weight of weights) total += weight
    let rest = this.uniform() * total
    for (let i = 0; i < weights.length - 1; i++) {
      rest -= weights[i]
      if (rest < 0) return i
    }
    return weights.length - 1
  }

  /** The values in a drawn order (Fisher–Yates). */
  shuffled<Value>(values: Iterable<Value>): Value[] {
    const order = [...values]
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[order[i], order[j]] = [order[j], order[i]]
    }
    return order
  }

  /** Uniform on the unit sphere, (x, y, z). */
  direction(): [number, number, number] {
    const z = this.uniform(-1, 1)
    const ring = Math.sqrt(1 - z * z)
    const angle = 6.283185307179586 * this.uniform()
    return [ring * cosine(angle), ring * sine(angle), z]
  }
}

/** Smooth random field in [-1, 1]: hashed lattice of `cellMm`, trilinear between nodes with smoothed fractions. */
export function valueNoise(key: number, x: number, y: number, z: number, cellMm: number): number {
  const px = x / cellMm
  const py = y / cellMm
  const pz = z / cellMm
  const ix = Math.floor(px)
  const iy = Math.floor(py)
  const iz = Math.floor(pz)
  const fx = smooth(px - ix)
  const fy = smooth(py - iy)
  const fz = smooth(pz - iz)
  let sum = 0
  for (let corner = 0; corner < 8; corner++) {
    const cx = corner & 1
    const cy = (corner >> 1) & 1
    const cz = corner >> 2
    const weight = (cx ? fx : 1 - fx) * (cy ? fy : 1 - fy) * (cz ? fz : 1 - fz)
    sum += weight * finishHash(mixWord(mixWord(mixWord(key, iz + cz), iy + cy), ix + cx))
  }
  return sum / 2147483648 - 1
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t)
}
