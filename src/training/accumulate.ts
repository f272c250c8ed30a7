// Several passes whose gradients make one update, within one graph: at the first pass `carry` is 0 and the sums begin
// anew; at the last one `isLast` is 1 and the update is made. Both are exact: one of two products is zero.
import * as tf from '@tensorflow/tfjs-core'

/** Names of the numbers that steps with more than one pass take. */
export const accumulateNumbers = ['carry', 'isLast'] as const

/** Their values in pass `part` (0-based) of `passes`. */
export function accumulateNumbersAt(
  part: number,
  passes: number,
): Record<(typeof accumulateNumbers)[number], number> {
  return { carry: part === 0 ? 0 : 1, isLast: part === passes - 1 ? 1 : 0 }
}

/** `after` where `isLast` is 1 and `before` where it is 0; `after` where updates have one pass. */
export function choose(isLast: tf.Tensor | undefined, after: tf.Tensor, before: tf.Tensor): tf.Tensor {
  return isLast ? tf.add(tf.mul(after, isLast), tf.mul(before, tf.sub(1, isLast))) : after
}

/** This pass's share of a sum over the passes of an update. */
export function addShare(
  carry: tf.Tensor | undefined,
  sum: tf.Tensor,
  value: tf.Tensor,
  share: number,
): tf.Tensor {
  return carry ? tf.add(tf.mul(sum, carry), tf.mul(value, share)) : value
}
