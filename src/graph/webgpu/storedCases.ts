// For tests: every kernel of inference between two steps that are exact, so that what it reads and writes is stored.
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs'
import { floatToHalf, halfToFloat } from '../../base/half.ts'
import { conv3d } from '../../kernels/conv3d.ts'
import { convTranspose2 } from '../../kernels/convTranspose2.ts'
import { denseAttention } from '../../kernels/denseAttention.ts'
import { gelu } from '../../kernels/gelu.ts'
import { instanceNorm } from '../../kernels/instanceNorm.ts'
import { normaliseLayer } from '../../kernels/layerNorm.ts'
import { linear, matMul } from '../../kernels/matMul.ts'
import { maskTokens } from '../../kernels/maskTokens.ts'
import { embedBlocks } from '../../kernels/patchEmbed.ts'
import { mergeNorm } from '../../kernels/patchMerge.ts'
import { windowAttention } from '../../kernels/windowAttention.ts'
import type { Graph } from '../graph.ts'
import { sample } from '../testSupport.ts'
import type { TestFunction } from '../testSupport.ts'
import { traceGraph } from '../trace.ts'

type Tensors = tf.Tensor[]

export interface StoredCase {
  readonly shapes: readonly (readonly number[])[]
  readonly op: (...inputs: Tensors) => tf.Tensor | tf.Tensor[]
  /** Values that are stored as halves: inputs and results; fewer where some are small or written number by number. */
  readonly halves: number
  /** True where the family that passes tiles through workgroup memory has a program of its own. */
  readonly isTiled?: true
}

const attend =
  (window: number, heads: number, shift: number) =>
  (...[qkv, bias, table]: Tensors) =>
    windowAttention(qkv as tf.Tensor5D, bias as tf.Tensor1D, table as tf.Tensor2D, {
      ...{ heads, window, shift, mode: 'fixed', reverse: 'exact' },
    })

export const storedCases: Readonly<Record<string, StoredCase>> = {
  'a matrix product': { shapes: [[40, 24], [24, 36]], op: (a, b) => matMul(a, b), halves: 3 },
  'a product with bias, GELU and residual': {
    shapes: [[40, 24], [68, 24], [68], [40, 68]],
    op: (x, weight, bias, residual) => linear(x, weight, bias, 'gelu', residual),
    halves: 5,
    isTiled: true,
  },
  'a product of odd depth': { shapes: [[20, 13], [13, 12]], op: (a, b) => matMul(a, b), halves: 3 },
  'a product of odd width, which is written number by number': {
    shapes: [[21, 12], [12, 7]],
    op: (a, b) => matMul(a, b),
    halves: 2,
  },
  'products of a batch': { shapes: [[3, 9, 8], [3, 8, 12]], op: (a, b) => matMul(a, b), halves: 3 },
  'a convolution with bias, activation and statistics': {
    shapes: [[1, 6, 5, 7, 8], [3, 3, 3, 8, 12], [12]],
    op: (x, filter, bias) => conv3d(x, filter, bias, { activation: 'leakyRelu', statistics: true }),
    halves: 3,
    isTiled: true,
  },
  'a convolution of one channel': {
    shapes: [[1, 6, 6, 7, 1], [3, 3, 3, 1, 8]],
    op: (x, filter) => conv3d(x, filter),
    halves: 3,
  },
  'a transposed convolution': {
    shapes: [[1, 3, 4, 3, 8], [2, 2, 2, 12, 8]],
    op: (x, filter) => convTranspose2(x, filter),
    halves: 3,
    isTiled: true,
  },
  'window attention, heads of 12': {
    shapes: [[1, 5, 6, 3, 144], [144], [343, 4]],
    op: attend(4, 4, 2),
    isTiled: true,
    halves: 4,
  },
  'window attention, heads of 6, whose lanes are pairs': {
    shapes: [[1, 5, 4, 3, 72], [72], [343, 4]],
    op: attend(4, 4, 0),
    halves: 4,
  },
  'window attention, heads of 3, which are written number by number': {
    shapes: [[1, 4, 4, 4, 18], [18], [27, 2]],
    op: attend(2, 2, 1),
    halves: 1,
  },
  'attention over all tokens': {
    shapes: [[2, 19, 48]],
    op: qkv => {
      const { mixed, fromCls, satt } = denseAttention(qkv, { heads: 2, cls: true })
      return [mixed, fromCls!, satt!]
    },
    halves: 2,
    isTiled: true,
  },
  'layer norm': {
    shapes: [[30, 20], [20], [20]],
    op: (x, weight, bias) => normaliseLayer(x, weight, bias),
    halves: 2,
    isTiled: true,
  },
  'layer norm without parameters': { shapes: [[30, 20]], op: x => normaliseLayer(x), halves: 2 },
  'patch merging with its norm': {
    shapes: [[1, 5, 4, 3, 8], [64], [64]],
    op: (x, weight, bias) => mergeNorm(x, weight, bias, [0, 1, 2, 3, 4, 5, 6, 7]),
    halves: 2,
  },
  'instance norm with residual and activation': {
    shapes: [[2, 4, 5, 6, 8], [2, 4, 5, 6, 8]],
    op: (x, residual) => instanceNorm(x, { residual, slope: 0.01 }),
    halves: 3,
  },
  'instance norm of three channels': { shapes: [[1, 4, 5, 6, 3]], op: x => instanceNorm(x), halves: 1 },
  GELU: { shapes: [[9, 28]], op: x => gelu(x), halves: 2 },
  'patch embedding': {
    shapes: [[1, 6, 5, 8, 1], [8, 1, 2, 2, 2], [8]],
    op: (x, weight, bias) => embedBlocks(x, weight, bias),
    halves: 2,
  },
  'masked tokens': {
    shapes: [[1, 4, 5, 6, 8], [8], [1, 4, 5, 6]],
    op: (x, token, mask) => maskTokens(x, token, mask),
    halves: 3,
  },
  'joined, turned and cut': {
    shapes: [[2, 9, 8], [2, 9, 4]],
    op: (a, b) => {
      const all = tf.concat([a, b], 2)
      return [all, tf.transpose(all, [1, 0, 2]), tf.slice(tf.transpose(all, [0, 2, 1]), [0, 3, 1], [2, 9, 8])]
    },
    halves: 3,
  },
  'a border': { shapes: [[4, 5, 8]], op: x => tf.pad(x, [[1, 1], [0, 2], [0, 0]], 0.5), halves: 2 },
  'sums, a softmax and a gather': {
    shapes: [[12, 16]],
    op: x => [
      tf.sum(x, 1),
      tf.max(x, 0),
      tf.softmax(x),
      tf.gather(x, tf.tensor1d([3, 0, 7, 3, 11, 5], 'int32')),
    ],
    halves: 1,
  },
} // prettier-ignore

/** Specifications and values of the inputs: numbers that are halves; what a kernel reads is twice that. */
function inputsOf({ shapes }: StoredCase) {
  const entries = shapes.map((shape, at) => [`i${at}`, shape] as const)
  const values = entries.map(([name, shape], at) => {
    const numbers = sample(shape, at + 1).map(value => halfToFloat(floatToHalf(value)))
    return [name, numbers] as const
  })
  return {
    specs: Object.fromEntries(entries.map(([name, shape]) => [name, { shape, dtype: 'float32' as const }])),
    values: Object.fromEntries(values),
  }
}

/** Inputs and results are graph ports, which stay single; so both ends get a step of their own that is exact. */
const between =
  ({ op }: StoredCase): TestFunction =>
  inputs => {
    const doubled = Object.values(inputs).map(x => tf.add(x, x))
    const outputs = [op(...doubled)].flat()
    return Object.fromEntries(outputs.map((y, at) => [`o${at}`, tf.mul(y, 0.5)]))
  }

/** The case as a graph with our kernels whole, and what to feed it. */
export function traceCase(each: StoredCase): {
  graph: Graph
  values: Readonly<Record<string, Float32Array>>
} {
  const { specs, values } = inputsOf(each)
  return { graph: traceGraph(between(each), specs, { keepKernels: true }), values }
}
