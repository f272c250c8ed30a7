// 3-D convolution of stride 1 that keeps the size (odd kernel, zeros outside), as an implicit matrix product:
//   y[p, o] = act( sum over taps t and channels c of x[p + t - ⌊k/2⌋, c] filter[t, c, o] + bias[o] )
// B batch, D H W grid, in and out channels, k taps along an axis. Channels last.
// Fused: bias, LeakyReLU, and the statistics of InstanceNorm over y as a second output [B, 2, out]: sums and centred sums of
// squares, joined from parts around their own means (SPEC 14). Statistics carry no gradient: who normalises with them
// differentiates the normalisation as a function of y.
import * as tf from '@tensorflow/tfjs-core'
import {
  isKernelKnown,
  runGpuKernel,
  type GpuKernel,
  type DeviceFacts,
  type KernelBindings,
  type Shape,
  type TensorBinding,
} from './gpuKernel.ts'
import { samplesPerBinding, type ComputeStep } from './gpuProgram.ts'
import { combineMomentsSteps, joinedMomentFloats, momentFloats, type MomentParts } from './moments.ts'
import { chooseProductTile, rowProductStep, rowsOfTile, samplesOf, type RowProduct } from './rowProduct.ts'

export type Conv3dActivation = 'none' | 'leakyRelu'

export interface Conv3dAttributes {
  readonly activation?: Conv3dActivation
  /** Second output [B, 2, out]: sums and centred sums of squares of y over the grid. */
  readonly statistics?: boolean
}

/** Refuses in a sentence what convolutions here cannot take. @returns taps along an axis */
export function checkFilter(
  who: string,
  grid: Shape | undefined,
  filter: Shape | undefined,
  channels: 3 | 4,
): number {
  const show = (shape: Shape | undefined) => `[${(shape ?? []).join(', ')}]`
  const sides = new Set(filter?.slice(0, 3))
  if (!grid || !filter || grid.length !== 5 || filter.length !== 5 || sides.size !== 1 || filter[0] % 2 === 0)
    throw new Error(
      `${who}: expected a grid [B, D, H, W, C] and a filter [k, k, k, in, out] with odd k, got ${show(grid)} and ${show(filter)}`,
    )
  if (filter[channels] !== grid[4])
    throw new Error(
      `${who}: expected a filter of ${grid[4]} channels on axis ${channels}, got ${show(filter)} for ${show(grid)}`,
    )
  return filter[0]
}

/** The product that one sample's convolution is. */
export function convolutionProduct(grid: Shape, kernel: number, depth: number, columns: number): RowProduct {
  const [batch, D, H, W] = grid
  return {
    ...{ batch, rows: D * H * W, depth, columns, segments: kernel ** 3, kernel },
    ...{ source: kernel === 1 ? 'plain' : 'voxels', grid: [D, H, W] },
    ...{ isRightTransposed: false, isRightShared: true, epilogue: 'none' },
  }
}

function productOf(x: Shape, filter: Shape, activation: unknown): RowProduct {
  const product = convolutionProduct(x, filter[0], filter[3], filter[4])
  return activation === 'leakyRelu' ? { ...product, epilogue: 'leakyRelu' } : product
}

function partsOf(product: RowProduct, tiles: DeviceFacts['tiles']): MomentParts {
  const { batch, rows, columns } = product
  return { batch, rows, channels: columns, span: rowsOfTile(chooseProductTile(product, tiles, true)) }
}

export const conv3dKernel: GpuKernel = {
  name: 'Conv3d',
  inputs: ['x', 'filter', 'bias?'],
  shapes([x, filter, bias], { statistics }) {
    checkFilter('conv3d', x, filter, 3)
    const out = filter![4]
    if (bias && bias.reduce((product, size) => product * size, 1) !== out)
      throw new Error(`conv3d: expected a bias of ${out} numbers, got [${bias.join(', ')}]`)
    const y = [...x!.slice(0, 4), out]
    return statistics === true ? [y, [x![0], 2, out]] : [y]
  },
  // The tile family is chosen later: enough for either.
  scratch([x, filter], { activation, statistics }) {
    if (statistics !== true) return []
    const choices = (['registers', 'shared'] as const).map(tiles =>
      partsOf(productOf(x!, filter!, activation), tiles),
    )
    return [momentFloats, joinedMomentFloats].map(floats => Math.max(...choices.map(floats)))
  },
  steps(bindings, { activation, statistics }, device) {
    const [x, filter, bias] = bindings.inputs
    const [y] = bindings.outputs
    const hasMoments = statistics === true
    const product = productOf(x!.shape, filter!.shape, activation)
    const { batch } = product
    const tile = chooseProductTile(product, device.tiles, hasMoments)
    const parts = partsOf(product, device.tiles)
    const { maxStorageBufferBindingSize: most, minStorageBufferOffsetAlignment: alignment } = device.limits
    samplesPerBinding(1, [filter!.size], most, alignment)
    const samples = samplesPerBinding(batch, [x!.size / batch, y.size / batch], most, alignment)
    const steps: ComputeStep[] = []
    for (let first = 0; first < batch; first += samples) {
      const count = Math.min(samples, batch - first)
      const own = { ...parts, batch: count }
      const moments = hasMoments ? momentBindings(bindings, own) : undefined
      steps.push(
        rowProductStep({ ...product, batch: count }, tile, {
          left: samplesOf(x!, batch, first, count),
          right: samplesOf(filter!, 1, 0, 1),
          output: samplesOf(y, batch, first, count),
          bias: bias && samplesOf(bias, 1, 0, 1),
          moments: moments?.[0],
        }),
      )
      if (moments) steps.push(...combineMomentsSteps(own, first, moments))
    }
    return steps
  },
}

/** Partial and joined moments, used again by every part of the batch, and the statistics of all samples. */
function momentBindings({ scratch, outputs }: KernelBindings, parts: MomentParts): GPUBufferBinding[] {
  const bound = ({ buffer, offset }: TensorBinding, floats: number) => ({ buffer, offset, size: 4 * floats })
  const [, statistics] = outputs
  return [
    bound(scratch[0], momentFloats(parts)),
    bound(scratch[1], joinedMomentFloats(parts)),
    bound(statistics, statistics.size / 4),
  ]
}

/** The plain composition of tfjs ops: oracle, CPU lowering and, by autodiff, the gradient. */
export function conv3dReference(
  x: tf.Tensor,
  filter: tf.Tensor,
  bias?: tf.Tensor,
  { activation = 'none', statistics = false }: Conv3dAttributes = {},
): tf.Tensor[] {
  const product = tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, 1, 'same')
  const z = bias ? tf.add(product, tf.reshape(bias, [1, 1, 1, 1, -1])) : product
  const y = activation === 'leakyRelu' ? tf.leakyRelu(z, 0.01) : z
  if (!statistics) return [y]
  const [B, D, H, W, out] = y.shape
  const rows = tf.reshape(y, [B, D * H * W, out!])
  const sums = tf.sum(rows, 1) // [B, out]
  const centred = tf.sub(rows, tf.mean(rows, 1, true))
  return [y, tf.stack([sums, tf.sum(tf.square(centred), 1)], 1)]
}

/**
 * Convolution of stride 1 that keeps the size. x [B,D,H,W,in], filter [k,k,k,in,out], bias [out] → [B,D,H,W,out], and with
 * `statistics` [B, 2, out].
 */
export function conv3d(
  x: tf.Tensor,
  filter: tf.Tensor,
  bias?: tf.Tensor,
  attributes: Conv3dAttributes = {},
): tf.Tensor[] {
  const { activation = 'none', statistics = false } = attributes
  conv3dKernel.shapes([x.shape, filter.shape, bias?.shape], { activation, statistics })
  if (!isKernelKnown(conv3dKernel)) return conv3dReference(x, filter, bias, attributes)
  return runGpuKernel(conv3dKernel, [x, filter, bias], { activation, statistics })
}
