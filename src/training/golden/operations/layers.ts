// Fixtures of single layers: norms, activations, convolutions, heads, masks.
import type * as tf from '@tensorflow/tfjs-core'
import { gelu } from '../../../kernels/gelu.ts'
import { instanceNorm } from '../../../kernels/instanceNorm.ts'
import { resBlock, upBlock } from '../../../network/decoder.ts'
import { applyMasks, embedPatches } from '../../../network/encoder.ts'
import { classificationHead, projectionHead } from '../../../network/heads.ts'
import { conv3d, convTranspose, layerNorm, leakyRelu } from '../../../network/layers.ts'
import { attentionMask } from '../../../kernels/topKMask.ts'
import { expandMask } from '../../../kernels/expandMask.ts'
import { under } from '../../../network/parameters.ts'
import { patchMerge } from '../../../network/swin.ts'
import type { MergeOrder } from '../../../network/config.ts'
import { toChannelsFirst, toChannelsLast } from '../layout.ts'
import type { GraphOperation, Tensors } from '../operation.ts'

type Outputs = GraphOperation['outputs']
const graph = (outputs: Outputs): GraphOperation => ({ kind: 'graph', outputs })
// Gradients too are compared on every path: on WebGPU they are kernels of ours, quick on a software adapter as well.
const quick = (operation: GraphOperation): GraphOperation => ({ ...operation, isQuick: true })
const parametersOf = (tensors: Tensors) => under(tensors, 'param.')

/** Runs a channels-last layer on in.x in PyTorch's order. */
function onVolume(layer: (p: Tensors, x: tf.Tensor, tensors: Tensors) => tf.Tensor): GraphOperation {
  return graph(t => ({ y: toChannelsFirst(layer(parametersOf(t), toChannelsLast(t['in.x']), t)) }))
}

/** Applies a parameterless layer to each input; in.small gives out.y_small, in.x gives out.y. */
function onEach(layer: (p: Tensors, x: tf.Tensor) => tf.Tensor): GraphOperation {
  const nameOf = (input: string) => (input === 'x' ? 'y' : input === 'small' ? 'y_small' : input)
  return graph(t =>
    Object.fromEntries(
      Object.entries(under(t, 'in.')).map(([name, x]) => [nameOf(name), layer(parametersOf(t), x)]),
    ),
  )
}

export const layerOperations: Record<string, GraphOperation> = {
  layer_norm: quick(onEach((p, x) => layerNorm(p, 'norm', x))),
  gelu: quick(onEach((_, x) => gelu(x))),
  leaky_relu: onEach((_, x) => leakyRelu(x)),
  instance_norm: quick(onEach((_, x) => toChannelsFirst(instanceNorm(toChannelsLast(x))))),
  conv3d: onVolume((p, x) => conv3d(p, 'conv', x)),
  conv_transpose_k2s2: onVolume((p, x) => convTranspose(p, 'conv', x)),
  res_block: quick(onVolume((p, x) => resBlock(p, x))),
  up_block: onVolume((p, x, t) => upBlock(p, x, toChannelsLast(t['in.skip']))),
  projection_head: graph(t => ({ y: projectionHead(parametersOf(t), t['in.x']) })),
  classification_head: graph(t => ({ logits: classificationHead(parametersOf(t), t['in.f4'], t['in.cls']) })),
  patch_merge: quick(
    graph((t, fixture) => ({
      y: patchMerge(parametersOf(t), t['in.x'], fixture.config.order as MergeOrder),
    })),
  ),
  patch_embed_mask_keep: quick(
    graph((t, fixture) => {
      const p = parametersOf(t)
      const y = embedPatches(
        under(p, 'patch_embed.'),
        toChannelsLast(t['in.x']),
        Number(fixture.config.patch),
      )
      return {
        y,
        masked: applyMasks(y, p.mask_token, { mask: t['in.mask'] }),
        dropped: applyMasks(y, undefined, { keep: t['in.keep'] }),
      }
    }),
  ),
  attention_mask: graph((t, fixture) => {
    const cases = fixture.config.cases as { case: number; r: number; s: number }[]
    return Object.fromEntries(cases.map(({ case: n, r, s }) => [`${n}`, attentionMask(t[`in.${n}`], r, s)]))
  }),
  mask_expand: graph((t, fixture) => {
    const grid = fixture.config.grid as number[]
    const [patch, voxel] = fixture.config.factors as number[]
    return { patch: expandMask(t['in.mask'], grid, patch), voxel: expandMask(t['in.mask'], grid, voxel) }
  }),
}
