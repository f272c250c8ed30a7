// HU → what the network eats: a window cut out of the HU scale and mapped linearly to the model's input range.

/**
 * Maps HU linearly so that `huWindow` becomes `outputRange`; values outside the window are clipped to it.
 * Any shape; the result has the input's length. `out` may be given to reuse memory, also `hu` itself when Float32.
 */
export function normaliseHu(
  hu: Int16Array | Float32Array,
  huWindow: readonly [number, number],
  outputRange: readonly [number, number] = [0, 1],
  out: Float32Array = new Float32Array(hu.length),
): Float32Array {
  const [low, high] = huWindow
  if (!(high > low)) throw new Error(`normaliseHu: the HU window must rise, got [${low}, ${high}].`)
  if (out.length !== hu.length) {
    throw new Error(`normaliseHu: out holds ${out.length} values, the input ${hu.length}.`)
  }
  const scale = (outputRange[1] - outputRange[0]) / (high - low)
  for (let i = 0; i < hu.length; i++) {
    const value = hu[i]
    const clipped = value < low ? low : value > high ? high : value
    out[i] = outputRange[0] + (clipped - low) * scale
  }
  return out
}
