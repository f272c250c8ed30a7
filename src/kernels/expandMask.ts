// Mask expansion (SPEC 4): token (i,j,k) covers the block [f·i, f·i+f) × … of a finer grid, nearest neighbour.
// B samples, (d,h,w) token grid, N = d·h·w; f = 4 gives the patch grid, 8 the voxels.
// Exact where the input's sides are multiples of 8. A mask has no gradient.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/expandMask.wgsl?raw'
import { isKernelKnown, runGpuKernel, type GpuKernel, type KernelAttributes } from './gpuKernel.ts'
import {
  bindTensor,
  elementCount,
  flatStep,
  laneText,
  laneWidth,
  packUniforms,
  requireShape,
} from './stepParts.ts'

function optionsOf({ grid, factor }: KernelAttributes) {
  return { grid: grid as readonly number[], factor: Number(factor) }
}

/** Attributes `grid` (d,h,w) and `factor`. Values are copied: tolerance 0. */
export const expandMaskKernel: GpuKernel = {
  name: 'ExpandMask',
  inputs: ['mask'],
  shapes([mask], attributes) {
    const { grid, factor } = optionsOf(attributes)
    const samples = mask?.[0] ?? 0
    requireShape('expandMask', `a mask of the grid ${grid.join('×')}`, mask, [samples, elementCount(grid)])
    return [[samples, ...grid.map(side => side * factor)]]
  },
  steps({ inputs: [mask], outputs: [output] }, attributes, device) {
    const { grid, factor } = optionsOf(attributes)
    const width = laneWidth(factor)
    const lanes = elementCount(output.shape) / width
    const maskNumber = mask!.dtype === 'int32' ? 'i32' : 'f32'
    return [
      flatStep({
        key: `expandMask ${width} ${maskNumber}`,
        code: `${laneText(width)}\nconst WIDTH = ${width}u;\nalias MaskNumber = ${maskNumber};\n${text}`,
        threads: lanes,
        uniforms: packUniforms([
          ...[lanes, factor, factor * grid[1]],
          ...[(factor * grid[2]) / width, grid[1], grid[2]],
        ]),
        buffers: { 1: bindTensor(mask!, device), 2: bindTensor(output, device) },
      }),
    ]
  },
}

/** Repeats each element of one axis `factor` times. */
function repeatAxis(x: tf.Tensor, axis: number, factor: number): tf.Tensor {
  const before = x.shape.slice(0, axis).reduce((product, size) => product * size, x.shape[axis])
  const after = x.shape.slice(axis + 1)
  const repeated = tf.tile(tf.reshape(x, [before, 1, -1]), [1, factor, 1])
  return tf.reshape(repeated, [...x.shape.slice(0, axis), x.shape[axis] * factor, ...after])
}

/** The plain composition of tfjs ops. */
export function expandMaskReference(mask: tf.Tensor, grid: readonly number[], factor: number): tf.Tensor {
  const onGrid = tf.reshape(mask, [mask.shape[0], ...grid])
  return [1, 2, 3].reduce((expanded, axis) => repeatAxis(expanded, axis, factor), onGrid)
}

/** mask [B, N] of a (d, h, w) grid → [B, f·d, f·h, f·w]. */
export function expandMask(mask: tf.Tensor, grid: readonly number[], factor: number): tf.Tensor {
  expandMaskKernel.shapes([mask.shape], { grid, factor })
  if (!isKernelKnown(expandMaskKernel)) return expandMaskReference(mask, grid, factor)
  return runGpuKernel(expandMaskKernel, [mask], { grid, factor })[0]
}
