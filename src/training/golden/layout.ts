// Layout changes between the fixtures' PyTorch order and the network's channels-last order.
import * as tf from '@tensorflow/tfjs-core'

/** [B, C, D, H, W] → [B, D, H, W, C] */
export function toChannelsLast(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [0, 2, 3, 4, 1])
}

/** [B, D, H, W, C] → [B, C, D, H, W] */
export function toChannelsFirst(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [0, 4, 1, 2, 3])
}
