// Kernels that multiply and add: matrix products, 3-D convolution and its two gradients.
import * as tf from '@tensorflow/tfjs-core'
import { broadcastShape, sameNumbers } from '../graph.ts'
import type { GraphBuilder } from '../builder.ts'
import { elementwise } from './kernelRule.ts'
import type { KernelAttributes, KernelRule, KernelRules } from './kernelRule.ts'

function matMul(graph: GraphBuilder, a: number, b: number, transposeA: boolean, transposeB: boolean): number {
  const left = graph.info(a).shape
  const right = graph.info(b).shape
  const rows = left[left.length - (transposeA ? 1 : 2)]
  const inner = left[left.length - (transposeA ? 2 : 1)]
  const columns = right[right.length - (transposeB ? 2 : 1)]
  if (right[right.length - (transposeB ? 1 : 2)] !== inner)
    throw new Error(`matMul of [${left.join(',')}] and [${right.join(',')}] does not fit.`)
  const shape = [...broadcastShape(left.slice(0, -2), right.slice(0, -2)), rows, columns]
  return graph.one('BatchMatMul', [a, b], { transposeA, transposeB }, { shape, dtype: graph.info(a).dtype })
}

function activate(
  graph: GraphBuilder,
  x: number,
  attributes: KernelAttributes,
  prelu: number | undefined,
): number {
  const activation = (attributes.activation as string | undefined) ?? 'linear'
  if (activation === 'linear') return x
  if (activation === 'prelu' && prelu !== undefined) return elementwise(graph, 'Prelu', [x, prelu], 'float32')
  if (activation === 'leakyrelu')
    return elementwise(graph, 'LeakyRelu', [x], 'float32', { alpha: attributes.leakyreluAlpha as number })
  const ops: Record<string, string> = { relu: 'Relu', relu6: 'Relu6', elu: 'Elu', sigmoid: 'Sigmoid' }
  if (!ops[activation]) throw new Error(`_FusedMatMul with the activation '${activation}' cannot be traced.`)
  return elementwise(graph, ops[activation], [x], 'float32')
}

interface Geometry {
  readonly window: {
    readonly strides: number[]
    readonly padBefore: number[]
    readonly padAfter: number[]
    readonly dilations: number[]
  }
  /** Voxels of the input's start that are never read: tfjs's 'same' pads negatively where the stride exceeds the kernel. */
  readonly cropBefore: number[]
  readonly croppedShape: number[]
  readonly outShape: number[]
}

/** What all three convolution kernels need. */
function geometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: KernelAttributes,
): Geometry {
  if (attributes.dataFormat === 'NCDHW') throw new Error('conv3d is traced with channels last (NDHWC) only.')
  const info = tf.backend_util.computeConv3DInfo(
    inputShape as [number, number, number, number, number],
    filterShape as [number, number, number, number, number],
    attributes.strides as number,
    (attributes.dilations as number | undefined) ?? 1,
    attributes.pad as 'same' | 'valid',
  )
  const { front, back, top, bottom, left, right } = info.padInfo
  const before = [front, top, left]
  const after = [back, bottom, right]
  const positive = (pads: number[]) => pads.map(pad => Math.max(0, pad))
  const cropBefore = [0, ...before.map(pad => Math.max(0, -pad)), 0]
  const cropAfter = [0, ...after.map(pad => Math.max(0, -pad)), 0]
  return {
    window: {
      strides: [info.strideDepth, info.strideHeight, info.strideWidth],
      padBefore: positive(before),
      padAfter: positive(after),
      dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    },
    cropBefore,
    croppedShape: inputShape.map((size, axis) => size - cropBefore[axis] - cropAfter[axis]),
    outShape: info.outShape,
  }
}

function crop(graph: GraphBuilder, x: number, { cropBefore, croppedShape }: Geometry): number {
  if (sameNumbers(graph.info(x).shape, croppedShape)) return x
  return graph.one('Slice', [x], { begin: cropBefore }, { shape: croppedShape, dtype: 'float32' })
}

const fusedMatMul: KernelRule = {
  inputs: ['a', 'b', 'bias?', 'preluActivationWeights?'],
  record(graph, [a, b, bias, prelu], attributes) {
    const product = matMul(graph, a, b, attributes.transposeA === true, attributes.transposeB === true)
    const sum = bias === undefined ? product : elementwise(graph, 'Add', [product, bias], 'float32')
    return [activate(graph, sum, attributes, prelu)]
  },
}

export const linearRules: KernelRules = {
  BatchMatMul: {
    inputs: ['a', 'b'],
    record: (graph, [a, b], { transposeA, transposeB }) => [
      matMul(graph, a, b, transposeA === true, transposeB === true),
    ],
  },
  _FusedMatMul: fusedMatMul,
  Conv3D: {
    inputs: ['x', 'filter'],
    record(graph, [x, filter], attributes) {
      const shape = geometry(graph.info(x).shape, graph.info(filter).shape, attributes)
      const operands = [crop(graph, x, shape), filter]
      return [graph.one('Conv3D', operands, shape.window, { shape: shape.outShape, dtype: 'float32' })]
    },
  },
  Conv3DBackpropInputV2: {
    inputs: ['dy', 'filter'],
    record(graph, [dy, filter], attributes) {
      const whole = attributes.inputShape as number[]
      const { window, croppedShape, cropBefore } = geometry(whole, graph.info(filter).shape, attributes)
      const read = { shape: croppedShape, dtype: 'float32' as const }
      const gradient = graph.one('Conv3DBackpropInputV2', [dy, filter], window, read)
      if (sameNumbers(whole, croppedShape)) return [gradient]
      const paddings = whole.map((size, axis) => [
        cropBefore[axis],
        size - cropBefore[axis] - croppedShape[axis],
      ])
      return [graph.one('PadV2', [gradient], { paddings, value: 0 }, { shape: whole, dtype: 'float32' })]
    },
  },
  Conv3DBackpropFilterV2: {
    inputs: ['x', 'dy'],
    record(graph, [x, dy], attributes) {
      const filterShape = attributes.filterShape as number[]
      const shape = geometry(graph.info(x).shape, filterShape, attributes)
      const operands = [crop(graph, x, shape), dy]
      const result = { shape: filterShape, dtype: 'float32' as const }
      return [graph.one('Conv3DBackpropFilterV2', operands, shape.window, result)]
    },
  },
}
