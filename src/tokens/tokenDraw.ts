// Drawing tokens by chance and by rank: index arithmetic that host and shaders share, and that a seed repeats bit by bit.

/** Avalanche of a uint32; the shader keepPattern.wgsl has the same. */
function mixBits(value: number): number {
  let x = value >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0
  return (x ^ (x >>> 16)) >>> 0
}

/**
 * A key for each token of a sample: keyed permutations of 32 bits, so that no two tokens of a sample have the same. Tokens
 * in the order of their keys are a fair shuffle.
 */
export function tokenKeys(seed: number, step: number, sample: number, tokens: number): Uint32Array {
  const first = mixBits(mixBits(mixBits(seed + 0x9e3779b1) ^ step) + sample)
  const second = mixBits(first ^ 0x85ebca6b)
  return Uint32Array.from({ length: tokens }, (_, token) => mixBits(mixBits(token ^ first) + second))
}

/** Tokens in the order of their keys. */
export function shuffledTokens(keys: Uint32Array): number[] {
  return Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b])
}

/** First and last rank (exclusive) of the masked tokens among N (SPEC 4). */
export function maskedRanks(N: number, ratio: number, hint: number): [number, number] {
  return [Math.floor(hint * N + 1e-9), Math.floor(ratio * N + 1e-9)]
}

/** Tokens by descending value; ties go to the lower index first (SPEC 4). */
export function rankedTokens(values: ArrayLike<number>): number[] {
  return Array.from({ length: values.length }, (_, token) => token).sort(
    (a, b) => values[b] - values[a] || a - b,
  )
}
