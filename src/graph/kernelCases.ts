// Every kernel that can be traced, alone and with its gradient: the cases that each way to run a graph is held to.
import * as tf from '@tensorflow/tfjs-core'
import { sample } from './testSupport.ts'
import type { TestFunction } from './testSupport.ts'
import type { InputSpec } from './trace.ts'

type Op = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[]

export interface Case {
  /** Name of the test; the kernel and what is special about the case. */
  readonly name: string
  readonly op: Op
  /** Shapes of float inputs. */
  readonly shapes: readonly (readonly number[])[]
  /** 'positive' for domains that need it. */
  readonly domain?: 'positive' | 'open'
  /** False where tfjs has no gradient, or none that is meant. */
  readonly hasGradient?: boolean
  readonly tolerance?: number
}

const c = (name: string, shapes: Case['shapes'], op: Op, rest: Partial<Case> = {}): Case => ({
  name,
  shapes,
  op,
  ...rest,
})
const noGradient = { hasGradient: false }
const positive = { domain: 'positive' } as const

const unary: Case[] = [
  ...(['abs', 'neg', 'square', 'exp', 'expm1', 'erf', 'tanh', 'sigmoid', 'relu', 'relu6', 'elu', 'selu', 'softplus',
    'sin', 'cos', 'tan', 'sinh', 'cosh', 'atan', 'asinh', 'sign', 'reciprocal', 'floor', 'ceil', 'round'] as const).map(name =>
    c(name, [[3, 5]], x => (tf[name] as (x: tf.Tensor) => tf.Tensor)(x)),
  ),
  ...(['sqrt', 'rsqrt', 'log', 'log1p'] as const).map(name => c(name, [[3, 5]], x => tf[name](x), positive)),
  c('asin, acos and atanh', [[3, 5]], x => [tf.asin(tf.mul(x, 0.5)), tf.acos(tf.mul(x, 0.5)), tf.atanh(tf.mul(x, 0.5))]),
  c('acosh', [[4]], x => tf.acosh(tf.add(x, 1.5)), positive),
  c('log1p of tiny, huge and negative numbers', [[1]], x => tf.log1p(tf.mul(tf.tensor1d([1e-20, 1e-8, 1e-4, 3e38, -0.5]), tf.add(tf.mul(x, 0), 1))), noGradient),
  c('leakyRelu', [[3, 5]], x => tf.leakyRelu(x, 0.01)),
  c('prelu', [[3, 5], [5]], (x, alpha) => tf.prelu(x, alpha)),
  c('clipByValue', [[3, 5]], x => tf.clipByValue(x, -0.3, 0.4)),
  c('step with a slope', [[3, 5]], x => tf.step(x, 0.2), noGradient),
  c('gelu from erf', [[3, 5]], x => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))),
  c('isNaN, isInf and isFinite', [[3]], x => [tf.div(x, 0), tf.sqrt(tf.sub(x, 2))].flatMap(y => [tf.isNaN(y), tf.isInf(y), tf.isFinite(y)]), noGradient),
  c('cast to int32 and back', [[7]], x => tf.cast(tf.cast(tf.mul(x, 9), 'int32'), 'float32'), noGradient),
  c('cast to bool', [[2, 3]], x => tf.cast(tf.relu(x), 'bool'), noGradient),
] // prettier-ignore

// tfjs's own gradients of these do not undo broadcasting.
const brokenBroadcast = ['maximum', 'minimum', 'squaredDifference']

const binary: Case[] = [
  ...(['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'squaredDifference'] as const).flatMap(name => [
    c(name, [[2, 3, 4], [2, 3, 4]], (a, b) => tf[name](a, b)),
    c(`${name}, broadcast`, [[2, 3, 1], [5, 1, 1, 4]], (a, b) => tf[name](a, b), brokenBroadcast.includes(name) ? noGradient : {}),
    c(`${name} with a number`, [[2, 3]], a => tf[name](a, 0.7)),
  ]),
  c('pow', [[2, 3], [3]], (a, b) => tf.pow(a, b), positive),
  c('pow with a number', [[2, 3]], a => tf.pow(a, 3)),
  c('mod', [[2, 3], [3]], (a, b) => tf.mod(tf.mul(a, 7), b)),
  c('floorDiv', [[2, 3], [3]], (a, b) => tf.floorDiv(tf.mul(a, 7), b), noGradient),
  c('comparisons', [[4, 3], [3]], (a, b) => [tf.greater(a, b), tf.greaterEqual(a, b), tf.less(a, b), tf.lessEqual(a, b), tf.equal(a, a), tf.notEqual(a, b)], noGradient),
  c('logicalAnd, logicalOr and logicalNot', [[4, 3], [3]], (a, b) => [tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0)), tf.logicalOr(tf.greater(a, 0), tf.greater(b, 0)), tf.logicalNot(tf.greater(b, 0))], noGradient),
  c('where', [[4, 3], [4, 3]], (a, b) => tf.where(tf.tensor1d([1, 0, 1], 'bool'), tf.mul(a, 2), b)),
  c('where with a traced condition', [[4, 3], [4, 3]], (a, b) => tf.where(tf.greater(a, b), a, b), noGradient),
  c('addN', [[2, 3], [2, 3]], (a, b) => tf.addN([a, b, a])),
  c('zerosLike, onesLike, fill, range and linspace', [[2, 3]], a => [tf.add(tf.zerosLike(a), tf.onesLike(a)), tf.fill([2, 2], 3), tf.range(0, 5, 2), tf.linspace(0, 1, 4)], noGradient),
] // prettier-ignore

const arrangement: Case[] = [
  c('reshape', [[2, 3, 4]], x => tf.reshape(x, [4, -1])),
  c('expandDims and squeeze', [[2, 1, 4]], x => tf.expandDims(tf.squeeze(x), 1)),
  c('transpose of rank 4', [[2, 3, 4, 5]], x => tf.transpose(x, [2, 0, 3, 1])),
  c('slice', [[3, 4, 5]], x => tf.slice(x, [1, 0, 2], [2, -1, 3])),
  c('stridedSlice forwards', [[5, 6]], x => tf.stridedSlice(x, [1, 0], [5, 6], [2, 3]), noGradient),
  c('stridedSlice backwards', [[5, 6]], x => tf.stridedSlice(x, [4, 5], [0, -7], [-2, -1]), noGradient),
  c('concat', [[2, 3, 1], [2, 2, 1]], (a, b) => tf.concat([a, b, a], 1)),
  c('split', [[4, 6]], x => tf.split(x, [1, 3, 2], 1).map((part, index) => tf.mul(part, index + 1))),
  c('stack and unstack', [[2, 3], [2, 3]], (a, b) => tf.unstack(tf.stack([a, b], 1), 2)[1]),
  c('pad', [[2, 3, 2]], x => tf.pad(x, [[1, 0], [0, 2], [1, 1]], 0.5)),
  c('mirrorPad, reflect', [[3, 4]], x => tf.mirrorPad(x, [[2, 1], [0, 3]], 'reflect')),
  c('mirrorPad, symmetric', [[3, 4]], x => tf.mirrorPad(x, [[2, 1], [0, 3]], 'symmetric'), noGradient),
  c('tile', [[2, 3]], x => tf.tile(x, [2, 3])),
  c('broadcastTo', [[2, 1, 3]], x => tf.broadcastTo(x, [4, 2, 5, 3])),
  c('reverse', [[2, 3, 4]], x => tf.reverse(x, [0, 2])),
] // prettier-ignore

const alongAxes: Case[] = [
  ...(['sum', 'mean', 'max', 'min', 'prod'] as const).flatMap(name => [
    c(`${name} over the middle`, [[2, 3, 4]], x => tf[name](x, 1), name === 'prod' ? noGradient : {}),
    c(`${name} over two axes, kept`, [[2, 3, 4]], x => tf[name](x, [0, 2], true), name === 'prod' ? noGradient : {}),
    c(`${name} over everything`, [[2, 3, 2]], x => tf[name](x), name === 'prod' ? noGradient : {}),
  ]),
  c('any and all', [[2, 3]], x => [tf.any(tf.greater(x, 0), 1), tf.all(tf.greater(x, 0), 0)], noGradient),
  c('argMax and argMin', [[3, 4]], x => [tf.argMax(x, 1), tf.argMin(x, 0)], noGradient),
  c('softmax', [[3, 4]], x => tf.softmax(x)),
  c('logSoftmax', [[3, 4]], x => tf.logSoftmax(x)),
  c('logSumExp', [[3, 4]], x => tf.logSumExp(x, 1)),
  c('cumsum', [[3, 4]], x => tf.cumsum(x, 1)),
  c('cumsum, exclusive and reversed', [[3, 4]], x => tf.cumsum(x, 1, true, true)),
  c('cumsum over the first axis', [[3, 4]], x => tf.cumsum(x, 0), noGradient),
  c('moments', [[3, 4]], x => Object.values(tf.moments(x, 1))),
  c('topk', [[3, 5]], x => [tf.topk(x, 2).values, tf.topk(x, 2).indices], noGradient),
  c('gather', [[5, 3]], x => tf.gather(x, tf.tensor2d([[4, 0], [2, 2]], [2, 2], 'int32'))),
  c('gather along the last axis', [[2, 5]], x => tf.gather(x, tf.tensor1d([1, 4, 1], 'int32'), 1)),
  c('gatherND', [[3, 4]], x => tf.gatherND(x, tf.tensor2d([[2, 3], [0, 1]], [2, 2], 'int32')), noGradient),
  c('scatterND', [[2, 3]], x => tf.scatterND(tf.tensor2d([[3], [0]], [2, 1], 'int32'), x, [5, 3]), noGradient),
  c('unsortedSegmentSum', [[4, 3]], x => tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, 1], 'int32'), 4)),
  c('oneHot', [[4]], x => tf.mul(tf.oneHot(tf.tensor1d([2, 0, 5, 1], 'int32'), 3, 2, -1), tf.expandDims(x, 1))),
] // prettier-ignore

const linear: Case[] = [
  c('matMul', [[3, 4], [4, 5]], (a, b) => tf.matMul(a, b)),
  c('matMul, both transposed', [[4, 3], [5, 4]], (a, b) => tf.matMul(a, b, true, true)),
  c('matMul, second transposed', [[3, 4], [5, 4]], (a, b) => tf.matMul(a, b, false, true)),
  c('matMul of rank 3', [[2, 3, 4], [2, 4, 5]], (a, b) => tf.matMul(a, b)),
  c('matMul of rank 4, first transposed', [[2, 3, 4, 5], [2, 3, 4, 2]], (a, b) => tf.matMul(a, b, true)),
  c('matMul of rank 4, second transposed', [[2, 3, 4, 5], [2, 3, 2, 5]], (a, b) => tf.matMul(a, b, false, true)),
  c('matMul, broadcast', [[2, 3, 4], [1, 4, 5]], (a, b) => tf.matMul(a, b), noGradient),
  c('fused matMul', [[3, 4], [4, 5], [5]], (a, b, bias) => tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, activation: 'relu' })),
  c('dot of vectors', [[4], [4]], (a, b) => tf.dot(a, b)),
] // prettier-ignore

const convolutions: Case[] = [1, 2, 3].flatMap(kernel =>
  [1, 2].flatMap(stride =>
    (['same', 'valid'] as const).map(pad =>
      c(`conv3d, kernel ${kernel}, stride ${stride}, ${pad}`, [[2, 5, 4, 7, 3], [kernel, kernel, kernel, 3, 2]], (x, filter) =>
        tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, stride, pad), { tolerance: 5e-6 },
      ),
    ),
  ),
) // prettier-ignore
convolutions.push(
  c('conv3d of more outputs than inputs on a large grid', [[1, 18, 17, 16, 4], [3, 3, 3, 4, 5]], (x, filter) =>
    tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, 1, 'same'), { tolerance: 5e-6 }),
  c('conv3d of an uneven filter', [[1, 5, 6, 7, 2], [1, 3, 2, 2, 3]], (x, filter) =>
    tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, [1, 2, 1], 'same'), { tolerance: 5e-6 }),
  c('conv3dTranspose', [[1, 3, 2, 3, 4], [2, 2, 2, 3, 4]], (x, filter) =>
    tf.conv3dTranspose(x as tf.Tensor5D, filter as tf.Tensor5D, [1, 6, 4, 6, 3], 2, 'same'), noGradient),
) // prettier-ignore

function weightsOf({ size, shape }: tf.Tensor): tf.Tensor {
  return tf.tensor(
    Float32Array.from({ length: size }, (_, at) => Math.cos(at)),
    shape,
  )
}

/** Outputs o0, o1, … and, where wanted, gradients of their weighted sum with respect to all inputs. */
export function withGradients({ op, hasGradient }: Case): TestFunction {
  return inputs => {
    const tensors = Object.values(inputs)
    const named = (prefix: string, list: readonly tf.Tensor[]) =>
      Object.fromEntries(list.map((tensor, index) => [`${prefix}${index}`, tensor]))
    const outputs = named('o', [op(...tensors)].flat())
    if (hasGradient === false) return outputs
    // Weights that differ from element to element tell gradients apart that a plain sum would not.
    const loss = (...list: tf.Tensor[]) =>
      [op(...list)]
        .flat()
        .map(y => tf.sum(tf.mul(y, weightsOf(y))))
        .reduce((sum, term) => tf.add(sum, term)) as tf.Scalar
    return { ...outputs, ...named('d', tf.grads(loss)(tensors)) }
  }
}

/** All cases by what they are about. */
export const kernelCases: Readonly<Record<string, readonly Case[]>> = {
  'element-wise kernels of one tensor': unary,
  'element-wise kernels of several tensors': binary,
  'kernels that move elements': arrangement,
  'kernels along axes': alongAxes,
  'matrix products': linear,
  convolutions,
}

/** Specifications and reproducible values of a case's inputs i0, i1, … */
export function inputsOf({ shapes, domain }: Case) {
  const specs: Record<string, InputSpec> = {}
  const values: Record<string, Float32Array> = {}
  shapes.forEach((shape, index) => {
    specs[`i${index}`] = { shape, dtype: 'float32' }
    const numbers = sample(shape, index + 1)
    values[`i${index}`] = domain === 'positive' ? numbers.map(value => Math.abs(value) + 0.1) : numbers
  })
  return { specs, values }
}
