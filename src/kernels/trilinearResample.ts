// Trilinear resampling on centre-aligned grids, with a triangle filter as wide as the new spacing when it gets coarser:
// the GPU's volume/resample.ts, whose tables of taps it uses, computed in double precision. x [B,D,H,W,C] → [B,d,h,w,C].
// Separable: W, then H, then D. Input data has no gradient.
import * as tf from '@tensorflow/tfjs-core'
import text from '../../shaders/filterAxis.wgsl?raw'
import type { Triple } from '../base/shape.ts'
import { planLine, type Line } from '../volume/resample.ts'
import { isKernelKnown, runGpuKernel, type DeviceFacts, type GpuKernel } from './gpuKernel.ts'
import type { KernelAttributes, Shape, TensorBinding } from './gpuKernel.ts'
import { samplesPerBinding, type ComputeStep } from './gpuProgram.ts'
import { bindTensor, flatStep, laneText, laneWidth } from './stepParts.ts'
import { packUniforms, requireShape } from './stepParts.ts'

const optionsOf = ({ grid, taps }: KernelAttributes) => ({
  grid: grid as unknown as Triple,
  taps: taps as unknown as Triple,
})

/** [outer, from, inner] and `to` of the passes along W, H and D, in that order. */
function passesOf([B, D, H, W, C]: Shape, [d, h, w]: Triple) {
  return [
    { axis: 2, outer: B * D * H, from: W, to: w, inner: C },
    { axis: 1, outer: B * D, from: H, to: h, inner: w * C },
    { axis: 0, outer: B, from: D, to: d, inner: h * w * C },
  ] as const
}

type Pass = ReturnType<typeof passesOf>[number]

function filterSteps(
  { outer, from, to, inner, axis }: Pass,
  [input, table, output]: readonly TensorBinding[],
  { grid, taps }: ReturnType<typeof optionsOf>,
  device: DeviceFacts,
): ComputeStep[] {
  const width = input.dtype === 'int32' ? 1 : laneWidth(inner)
  const firstTap = [0, 1].slice(0, axis).reduce((sum, before) => sum + grid[before] * taps[before], 0)
  const { maxStorageBufferBindingSize: most, minStorageBufferOffsetAlignment: alignment } = device.limits
  const lines = samplesPerBinding(outer, [4 * from * inner, 4 * to * inner], most, alignment)
  const stored = input.dtype === 'int32' ? 'i32' : 'Lane'
  return Array.from({ length: Math.ceil(outer / lines) }, (_, part) => {
    const first = part * lines
    const count = Math.min(lines, outer - first)
    const lanes = (count * to * inner) / width
    return flatStep({
      key: `filterAxis ${width} ${stored}`,
      code: `${laneText(width)}\nalias Stored = ${stored};
fn load(value: Stored) -> Lane { return Lane(value); }\n${text}`,
      threads: lanes,
      uniforms: packUniforms([lanes, from, to, inner / width, taps[axis], firstTap]),
      buffers: {
        1: bindTensor(input, device, first * from * inner, count * from * inner),
        2: bindTensor(table, device),
        3: bindTensor(output, device, first * to * inner, count * to * inner),
      },
    })
  })
}

/**
 * Inputs x [B,D,H,W,C] and `table` [Σ to·taps, 2] (index, weight) of the axes D, H, W; attributes `grid` [d,h,w] and
 * `taps` of each axis. Tolerance 2e-6: three sums of a few products in single precision.
 */
export const trilinearResampleKernel: GpuKernel = {
  name: 'TrilinearResample',
  inputs: ['x', 'table'],
  shapes([x, table], attributes) {
    const { grid, taps } = optionsOf(attributes)
    if (x?.length !== 5)
      throw new Error(`trilinearResample: expected x of shape [B, D, H, W, C], got [${x?.join(', ')}].`)
    const rows = grid.reduce((sum, to, axis) => sum + to * taps[axis], 0)
    requireShape('trilinearResample', 'a table of taps', table, [rows, 2])
    return [[x[0], ...grid, x[4]]]
  },
  scratch([x], attributes) {
    const passes = passesOf(x!, optionsOf(attributes).grid)
    return passes.slice(0, 2).map(({ outer, to, inner }) => outer * to * inner)
  },
  steps({ inputs: [x, table], outputs: [output], scratch }, attributes, device) {
    const options = optionsOf(attributes)
    const places = [x!, ...scratch, output]
    return passesOf(x!.shape, options.grid).flatMap((pass, i) =>
      filterSteps(pass, [places[i], table!, places[i + 1]], options, device),
    )
  },
}

function linesOf(shape: Shape, grid: Triple, step: Triple): Line[] {
  return grid.map((to, axis) => planLine(shape[axis + 1], to, step[axis]))
}

/** A line as a dense matrix [to, from]; taps beyond an end add up at the edge. */
function denseLine({ size, taps, index, weight }: Line, from: number): tf.Tensor2D {
  const dense = new Float32Array(size * from)
  weight.forEach((value, at) => (dense[Math.floor(at / taps) * from + index[at]] += value))
  return tf.tensor2d(dense, [size, from])
}

/** The plain composition of tfjs ops: a dense matrix along each axis. */
export function trilinearResampleReference(x: tf.Tensor, grid: Triple, step: Triple): tf.Tensor {
  const lines = linesOf(x.shape, grid, step)
  const [B, , , , C] = x.shape
  const filtered = passesOf(x.shape, grid).reduce<tf.Tensor>(
    (sums, { axis, outer, from, to, inner }) => {
      const rows = tf.reshape(tf.transpose(tf.reshape(sums, [outer, from, inner]), [1, 0, 2]), [from, -1])
      const done = tf.reshape(tf.matMul(denseLine(lines[axis], from), rows as tf.Tensor2D), [
        to,
        outer,
        inner,
      ])
      return tf.transpose(done, [1, 0, 2])
    },
    tf.cast(x, 'float32'),
  )
  return tf.reshape(filtered, [B, ...grid, C])
}

/**
 * x [B,D,H,W,C] on a grid of `grid` voxels whose spacing is `step` times x's (D,H,W), same centre: [B,d,h,w,C].
 * Sizes and steps come from volume/resample.ts's `gridAtSpacing`.
 */
export function trilinearResample(x: tf.Tensor, grid: Triple, step: Triple): tf.Tensor {
  if (!isKernelKnown(trilinearResampleKernel)) return trilinearResampleReference(x, grid, step)
  const lines = linesOf(x.shape, grid, step)
  const pairs = lines.flatMap(({ index, weight }) => Array.from(index, (at, i) => [at, weight[i]]))
  const table = tf.tensor2d(Float32Array.from(pairs.flat()), [pairs.length, 2])
  const taps = lines.map(line => line.taps)
  return runGpuKernel(trilinearResampleKernel, [x, table], { grid, taps })[0]
}
