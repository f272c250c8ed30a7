// IEEE 754 binary16, in which weights are stored: half the download, read back to float32.

const scratch = new Float32Array(1)
const bitsOf = new Uint32Array(scratch.buffer)

/** Nearest binary16 of a number, ties to even, as its bits; beyond 65504 it is infinite. */
export function floatToHalf(value: number): number {
  scratch[0] = value
  const bits = bitsOf[0]
  const sign = (bits >>> 16) & 0x8000
  const exponent = ((bits >>> 23) & 255) - 127 + 15
  const fraction = bits & 0x7fffff
  if (exponent >= 31) return sign | 0x7c00 | (exponent === 143 && fraction !== 0 ? 0x200 : 0)
  if (exponent < -10) return sign
  // Subnormal halves shift the implicit one into the fraction.
  const [mantissa, shift] = exponent <= 0 ? [fraction | 0x800000, 14 - exponent] : [fraction, 13]
  const kept = mantissa >>> shift
  const rest = mantissa & ((1 << shift) - 1)
  const halfway = 1 << (shift - 1)
  const up = rest > halfway || (rest === halfway && (kept & 1) === 1) ? 1 : 0
  return sign | ((exponent <= 0 ? 0 : exponent << 10) + kept + up)
}

/** The number of binary16 bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
