// Squared Euclidean distance to the nearest source voxel, exact and in mm², axis by axis over lower envelopes of parabolas.
// Source: Felzenszwalb & Huttenlocher, Distance Transforms of Sampled Functions, 2012; here with a spacing for each axis.
import { voxelCount, type Triple } from '../../base/shape.ts'

/** mm² of each voxel centre to the nearest centre with a non-zero source; Infinity where there is no source at all. */
export function squaredDistanceMm2(
  source: ArrayLike<number>,
  shape: Triple,
  spacingMm: Triple,
): Float64Array {
  const squared = new Float64Array(voxelCount(shape))
  for (let i = 0; i < squared.length; i++) squared[i] = source[i] !== 0 ? 0 : Infinity
  const [D, H, W] = shape
  const strides = [H * W, W, 1]
  const envelope = createEnvelope(Math.max(D, H, W))
  for (const axis of [2, 1, 0]) {
    const [length, stride, step] = [shape[axis], strides[axis], spacingMm[axis]]
    for (let slab = 0; slab < squared.length; slab += length * stride)
      for (let start = slab; start < slab + stride; start++) envelope(squared, start, stride, length, step)
  }
  return squared
}

/** Replaces the line f(p) by min over q of f(q) + ((p − q)·step)²; sources at infinity take no part. */
function createEnvelope(longest: number) {
  const vertex = new Int32Array(longest)
  const height = new Float64Array(longest)
  const from = new Float64Array(longest)
  return (values: Float64Array, start: number, stride: number, length: number, step: number) => {
    const square = step * step
    let last = -1
    for (let q = 0; q < length; q++) {
      const f = values[start + q * stride]
      if (f === Infinity) continue
      let crossing = -Infinity
      while (last >= 0) {
        const p = vertex[last]
        crossing = ((f - height[last]) / square + q * q - p * p) / (2 * (q - p))
        if (crossing > from[last]) break
        last--
      }
      last++
      vertex[last] = q
      height[last] = f
      from[last] = last === 0 ? -Infinity : crossing
    }
    if (last < 0) return
    let at = 0
    for (let p = 0; p < length; p++) {
      while (at < last && from[at + 1] < p) at++
      const away = p - vertex[at]
      values[start + p * stride] = height[at] + square * away * away
    }
  }
}
