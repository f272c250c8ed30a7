// Sine, exponential, logarithm and cube root from + − × ÷ and sqrt alone: Math.sin, exp, log and pow may differ in the last bit
// between engines, and the phantom's bytes must not. All are accurate to better than 1e-9, far below what a HU can show.

const halfPi = 1.5707963267948966
const ln2 = 0.6931471805599453

/** Taylor series to x¹⁵ after reduction to [-π/2, π/2]; error below 1e-11. */
export function sine(x: number): number {
  const turns = Math.floor(x / (2 * halfPi) + 0.5)
  let r = x - turns * 2 * halfPi
  if (turns - 2 * Math.floor(turns / 2) !== 0) r = -r
  const s = r * r
  let term = r
  let sum = r
  for (let n = 2; n <= 14; n += 2) {
    term = (-term * s) / (n * (n + 1))
    sum += term
  }
  return sum
}

export function cosine(x: number): number {
  return sine(x + halfPi)
}

/** exp(x) = 2ᵏ · exp(r) with |r| ≤ ln2 / 2, series to r¹². */
export function exponential(x: number): number {
  const k = Math.floor(x / ln2 + 0.5)
  const r = x - k * ln2
  let term = 1
  let sum = 1
  for (let n = 1; n <= 12; n++) {
    term = (term * r) / n
    sum += term
  }
  const step = k < 0 ? 0.5 : 2
  for (let n = Math.abs(k); n > 0; n--) sum *= step
  return sum
}

/** Natural logarithm of x > 0: x = 2ᵏ · m, m in [0.7, 1.4], then 2 · atanh((m-1)/(m+1)) to the 21st power. */
export function logarithm(x: number): number {
  let k = 0
  let m = x
  while (m > 1.4142135623730951) {
    m *= 0.5
    k++
  }
  while (m < 0.7071067811865476) {
    m *= 2
    k--
  }
  const t = (m - 1) / (m + 1)
  const s = t * t
  let power = t
  let sum = 0
  for (let n = 1; n <= 21; n += 2) {
    sum += power / n
    power *= s
  }
  return 2 * sum + k * ln2
}

/** Cube root of x ≥ 0 by Newton's method (Murray's law needs it). */
export function cubeRoot(x: number): number {
  if (x <= 0) return 0
  let y = exponential(logarithm(x) / 3)
  for (let i = 0; i < 2; i++) y -= (y - x / (y * y)) / 3
  return y
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value
}

/** 0 below `from`, 1 above `to`, smooth between. */
export function ramp(value: number, from: number, to: number): number {
  const t = clamp((value - from) / (to - from), 0, 1)
  return t * t * (3 - 2 * t)
}
