// Kernels that multiply and add: matrix products, 3-D convolution and its two gradients.
import * as tf from '@tensorflow/tfjs-core'
import { broadcastShape } from '../graph.ts'
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

/** What all three convolution kernels need: PyTorch's or ONNX's way of saying stride and padding. */
function geometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: KernelAttributes,
): { strides: number[]; padBefore: number[]; padAfter: number[]; dilations: number[]; outShape: number[] } {
  if (attributes.dataFormat === 'NCDHW') throw new Error('conv3d is traced with channels last (NDHWC) only.')
  const info = tf.backend_util.computeConv3DInfo(
    inputShape as [number, number, number, number, number],
    filterShape as [number, number, number, number, number],
    attributes.strides as number,
    (attributes.dilations as number | undefined) ?? 1,
    attributes.pad as 'same' | 'valid',
  )
  const { front, back, top, bottom, left, right } = info.padInfo
  return {
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    padBefore: [front, top, left],
    padAfter: [back, bottom, right],
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    outShape: info.outShape,
  }
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
      const { outShape, ...rest } = geometry(graph.info(x).shape, graph.info(filter).shape, attributes)
      return [graph.one('Conv3D', [x, filter], rest, { shape: outShape, dtype: 'float32' })]
    },
  },
  Conv3DBackpropInputV2: {
    inputs: ['dy', 'filter'],
    record(graph, [dy, filter], attributes) {
      const shape = attributes.inputShape as number[]
      const { strides, padBefore, padAfter, dilations } = geometry(
        shape,
        graph.info(filter).shape,
        attributes,
      )
      const rest = { strides, padBefore, padAfter, dilations }
      return [graph.one('Conv3DBackpropInputV2', [dy, filter], rest, { shape, dtype: 'float32' })]
    },
  },
  Conv3DBackpropFilterV2: {
    inputs: ['x', 'dy'],
    record(graph, [x, dy], attributes) {
      const shape = attributes.filterShape as number[]
      const { strides, padBefore, padAfter, dilations } = geometry(graph.info(x).shape, shape, attributes)
      const rest = { strides, padBefore, padAfter, dilations }
      return [graph.one('Conv3DBackpropFilterV2', [x, dy], rest, { shape, dtype: 'float32' })]
    },
  },
}
