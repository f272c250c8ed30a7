// Attention masks and their expansion (SPEC section 4), without control flow that depends on data: ranks are counted.
import * as tf from '@tensorflow/tfjs-core'

/** First and last rank (exclusive) of the masked tokens among N. */
export function maskedRanks(N: number, ratio: number, hint: number): [number, number] {
  return [Math.floor(hint * N + 1e-9), Math.floor(ratio * N + 1e-9)]
}

/**
 * 1 for the tokens whose rank in descending attention (ties: lower index first) lies in [⌊hint·N⌋, ⌊ratio·N⌋).
 * satt [B, N] → [B, N]. Ranks cost N² comparisons, 3 million for a 96³ crop.
 */
export function attentionMask(satt: tf.Tensor, ratio = 0.7, hint = 0.1): tf.Tensor {
  const [B, N] = satt.shape
  const [first, end] = maskedRanks(N, ratio, hint)
  const own = tf.reshape(satt, [B, N, 1])
  const other = tf.reshape(satt, [B, 1, N])
  const isEarlier = tf.tensor(
    Float32Array.from({ length: N * N }, (_, at) => (at % N < Math.floor(at / N) ? 1 : 0)),
    [1, N, N],
  )
  const isAbove = tf.cast(tf.greater(other, own), 'float32') // [B, N, N]
  const isTiedBefore = tf.mul(tf.cast(tf.equal(other, own), 'float32'), isEarlier)
  const rank = tf.sum(tf.add(isAbove, isTiedBefore), 2) // [B, N]
  // Ranks are whole numbers in float32, so the half keeps the comparison exact.
  const isIn = tf.cast(tf.greater(rank, first - 0.5), 'float32')
  return tf.mul(isIn, tf.cast(tf.less(rank, end - 0.5), 'float32'))
}

/** Repeats each element of one axis `factor` times (nearest neighbour). */
function repeatAxis(x: tf.Tensor, axis: number, factor: number): tf.Tensor {
  const before = x.shape.slice(0, axis).reduce((product, size) => product * size, x.shape[axis])
  const after = x.shape.slice(axis + 1)
  const repeated = tf.tile(tf.reshape(x, [before, 1, -1]), [1, factor, 1])
  return tf.reshape(repeated, [...x.shape.slice(0, axis), x.shape[axis] * factor, ...after])
}

/**
 * Spreads a token mask over the blocks of a finer grid. mask [B, N] of a (d, h, w) grid → [B, f·d, f·h, f·w];
 * f = 4 gives the patch grid, 8 the voxels. Exact where the input's sides are multiples of 8.
 */
export function expandMask(mask: tf.Tensor, grid: readonly number[], factor: number): tf.Tensor {
  const onGrid = tf.reshape(mask, [mask.shape[0], ...grid])
  return [1, 2, 3].reduce((expanded, axis) => repeatAxis(expanded, axis, factor), onGrid)
}
