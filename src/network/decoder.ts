// The segmentation decoder (SPEC section 9; MONAI's wiring: section 12.2). Grids are channels last [B, D, H, W, C].
import * as tf from '@tensorflow/tfjs-core'
import { InputError } from '../base/errors.ts'
import { instanceNorm } from '../kernels/instanceNorm.ts'
import type { NetworkConfig } from './config.ts'
import type { Encoded } from './encoder.ts'
import { conv3d, convTranspose, leakySlope, plainLayerNorm } from './layers.ts'
import { under, type ParameterTensors } from './parameters.ts'

/** Residual block: two 3³ convolutions with InstanceNorm; `p` holds conv1.*, conv2.* and, where widths differ, conv3.*. */
export function resBlock(p: ParameterTensors, x: tf.Tensor): tf.Tensor {
  const first = instanceNorm(conv3d(p, 'conv1.conv', x), { slope: leakySlope })
  const second = conv3d(p, 'conv2.conv', first)
  const residual = p['conv3.conv.weight'] ? instanceNorm(conv3d(p, 'conv3.conv', x)) : x
  return instanceNorm(second, { residual, slope: leakySlope })
}

/** Doubles the grid of x, joins the skip grid and mixes both. x [B,d,h,w,ci], skip [B,2d,2h,2w,co] → skip's shape. */
export function upBlock(p: ParameterTensors, x: tf.Tensor, skip: tf.Tensor): tf.Tensor {
  const joined = tf.concat([convTranspose(p, 'transp_conv.conv', x), skip], 4)
  return resBlock(under(p, 'conv_block.'), joined)
}

/** Refuses what the decoder and the reconstruction head cannot take (SPEC 2). @throws InputError */
export function requireMultipleOf32(image: tf.Tensor): void {
  const sides = image.shape.slice(1, 4)
  if (sides.some(side => side % 32 !== 0))
    throw new InputError(
      `The network got a volume of ${sides.join(' × ')} voxels, but every side must be a multiple of 32; pad it at the end with the value of -1024 HU and crop the result.`,
    )
}

/** What feeds encoder2, encoder3, encoder4, decoder5's skip and encoder10, in this order. */
function decoderInputs(encoded: Encoded, config: NetworkConfig): readonly tf.Tensor[] {
  if (config.wiring === 'monai') return [encoded.patch, ...encoded.merged].map(grid => plainLayerNorm(grid))
  return [...encoded.feat, encoded.bottleneck]
}

/**
 * Class logits [B, D, H, W, classes] of an image [B, D, H, W, Cin] and its encoding; parameters are named `decoder.*`.
 * @throws InputError when a side is no multiple of 32.
 */
export function decode(
  p: ParameterTensors,
  image: tf.Tensor,
  encoded: Encoded,
  config: NetworkConfig,
): tf.Tensor {
  requireMultipleOf32(image)
  const own = under(p, 'decoder.')
  const skip = (name: string, x: tf.Tensor) => resBlock(under(own, `${name}.layer.`), x)
  const up = (level: number, x: tf.Tensor, beside: tf.Tensor) =>
    upBlock(under(own, `decoder${level}.`), x, beside)
  const [half, quarter, eighth, sixteenth, deepest] = decoderInputs(encoded, config)
  let y = up(5, skip('encoder10', deepest), sixteenth)
  y = up(4, y, skip('encoder4', eighth))
  y = up(3, y, skip('encoder3', quarter))
  y = up(2, y, skip('encoder2', half))
  y = up(1, y, skip('encoder1', image))
  return conv3d(own, 'out.conv.conv', y)
}
