// Matrix product with epilogue:  y = act(op(a) op(b) + bias) + residual
// B batch, M rows, N columns, K summed over. op transposes the last two axes; either operand may have a batch of one.
// Fused: bias, activation, residual. The backward pass needs a, b and bias: it computes the activation's argument again
// rather than keep [M, N] numbers from the forward pass. Source: none but the definition; GELU in its exact erf form.
import * as tf from '@tensorflow/tfjs-core'
import { columnProductScratch, columnProductSteps, type ColumnProduct } from './columnProduct.ts'
import {
  isKernelKnown,
  runGpuKernel,
  type GpuKernel,
  type KernelAttributes,
  type Shape,
} from './gpuKernel.ts'
import { samplesPerBinding } from './gpuProgram.ts'
import { chooseProductTile, rowProductStep, samplesOf, type RowProduct } from './rowProduct.ts'
import type { Activation, Epilogue } from './rowProductText.ts'

export interface MatMulAttributes {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
  readonly activation?: Activation
}

interface Matrices {
  readonly batch: number
  readonly M: number
  readonly K: number
  readonly N: number
  readonly isAShared: boolean
  readonly isBShared: boolean
  readonly output: number[]
}

const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1)

/** Sizes of the product. @throws Error in a sentence when the operands do not fit each other. */
function matricesOf(
  [a, b, bias, residual]: readonly (Shape | undefined)[],
  attributes: KernelAttributes,
): Matrices {
  const refuse = (expected: string): never => {
    const got = [a, b, bias, residual].map(shape => (shape ? `[${shape.join(', ')}]` : 'none')).join(', ')
    throw new Error(`matMul: expected ${expected}, got a, b, bias, residual of shapes ${got}`)
  }
  if (!a || !b || a.length < 2 || b.length < 2) return refuse('a and b of shapes [..., M, K] and [..., K, N]')
  const [M, K] = attributes.transposeA ? [a[a.length - 1], a[a.length - 2]] : a.slice(-2)
  const [depth, N] = attributes.transposeB ? [b[b.length - 1], b[b.length - 2]] : b.slice(-2)
  if (depth !== K) refuse('as many columns in op(a) as rows in op(b)')
  const [leftBatch, rightBatch] = [a, b].map(shape => sizeOf(shape.slice(0, -2)))
  if (leftBatch !== rightBatch && leftBatch !== 1 && rightBatch !== 1)
    refuse('equal batches, or a batch of one for one operand')
  const batch = Math.max(leftBatch, rightBatch)
  const leading = leftBatch === rightBatch && b.length > a.length ? b : leftBatch === batch ? a : b
  const output = [...leading.slice(0, -2), M, N]
  if (bias && sizeOf(bias) !== N) refuse(`a bias of ${N} numbers`)
  if (residual && sizeOf(residual) !== batch * M * N) refuse(`a residual of shape [${output.join(', ')}]`)
  return { batch, M, K, N, isAShared: leftBatch < batch, isBShared: rightBatch < batch, output }
}

/** Transposed a without epilogue: a sum over rows of both operands, such as a weight's gradient. */
function columnProductOf({ batch, M, K, N, isAShared, isBShared }: Matrices): ColumnProduct {
  // Lines that divide the rows; a prime number of them is slow, and right.
  const lineLength = Array.from({ length: 64 }, (_, i) => 64 - i).find(length => K % length === 0)!
  const lines = K / lineLength
  return {
    ...{ source: 'plain', segments: batch, rows: M, columns: N, lineLength },
    ...(batch === 1 ? { batch: lines, linesPerSample: 1 } : { batch: 1, linesPerSample: lines }),
    ...{ isLeftShared: isAShared, isRightShared: isBShared },
  }
}

const isColumnProduct = (
  inputs: readonly unknown[],
  { transposeA, transposeB, activation }: KernelAttributes,
) =>
  transposeA === true && transposeB !== true && (activation ?? 'none') === 'none' && !inputs[2] && !inputs[3]

export const matMulKernel: GpuKernel = {
  name: 'MatMul',
  inputs: ['a', 'b', 'bias?', 'residual?'],
  shapes: (inputs, attributes) => [matricesOf(inputs, attributes).output],
  scratch: (inputs, attributes) =>
    isColumnProduct(inputs, attributes)
      ? [columnProductScratch(columnProductOf(matricesOf(inputs, attributes)))]
      : [],
  steps({ inputs, outputs, scratch }, attributes, device) {
    const [a, b, bias, residual] = inputs
    const [output] = outputs
    const matrices = matricesOf(
      inputs.map(input => input?.shape),
      attributes,
    )
    if (isColumnProduct(inputs, attributes))
      return columnProductSteps(columnProductOf(matrices), a!, b!, output, scratch[0], device)
    const { batch, M, K, N, isAShared, isBShared } = matrices
    const isLeftTransposed = attributes.transposeA === true
    const { maxStorageBufferBindingSize: most, minStorageBufferOffsetAlignment: alignment } = device.limits
    // A single product is split by its rows, many products by the batch.
    const isByRows = batch === 1 && !isLeftTransposed
    const total = isByRows ? M : batch
    const split = isByRows
      ? [4 * K, 4 * N]
      : [4 * M * N, ...(isAShared ? [] : [4 * M * K]), ...(isBShared ? [] : [4 * K * N])]
    const samples = samplesPerBinding(total, split, most, alignment)
    const whole = [isByRows || isBShared ? b! : undefined, isAShared ? a! : undefined]
    for (const operand of whole) if (operand) samplesPerBinding(1, [operand.size], most, alignment)
    return Array.from({ length: Math.ceil(total / samples) }, (_, part) => {
      const first = part * samples
      const count = Math.min(samples, total - first)
      const product: RowProduct = {
        ...{ batch: isByRows ? 1 : count, rows: isByRows ? count : M, depth: K, columns: N, segments: 1 },
        ...{ source: 'plain', isLeftTransposed, isRightTransposed: attributes.transposeB === true },
        ...{ isLeftShared: isAShared, isRightShared: isByRows || isBShared },
        epilogue: (attributes.activation ?? 'none') as Epilogue,
      }
      const operand = (tensor: typeof output, isShared: boolean) =>
        isShared ? samplesOf(tensor, 1, 0, 1) : samplesOf(tensor, total, first, count)
      return rowProductStep(product, chooseProductTile(product, device.tiles), {
        left: operand(a!, isAShared),
        right: operand(b!, isByRows || isBShared),
        output: operand(output, false),
        bias: bias && operand(bias, true),
        residual: residual && operand(residual, false),
      })
    })
  },
}

/**
 * The same with an activation: a kernel of its own, because its gradient needs the bias, and tfjs saves the same inputs at
 * every call of a kernel.
 */
export const activatedMatMulKernel: GpuKernel = {
  ...matMulKernel,
  name: 'MatMulActivated',
  inputs: ['a', 'b', 'bias', 'residual?'],
}

export interface MatMulOptions extends MatMulAttributes {
  /** [N] */
  readonly bias?: tf.Tensor
  /** Of the output's shape, added after the activation. */
  readonly residual?: tf.Tensor
}

function activate(z: tf.Tensor, activation: Activation): tf.Tensor {
  if (activation === 'leakyRelu') return tf.leakyRelu(z, 0.01)
  if (activation === 'none') return z
  // In this order of operations ONNX Runtime recognises GELU and runs it as one kernel.
  return tf.mul(tf.mul(z, tf.add(tf.erf(tf.div(z, Math.SQRT2)), 1)), 0.5)
}

/** An operand of one matrix repeated for a batch: tfjs multiplies it as it is, but cannot differentiate that. */
function repeated(matrices: tf.Tensor, other: tf.Tensor): tf.Tensor {
  const [own, batch] = [matrices, other].map(({ shape }) => sizeOf(shape.slice(0, -2)))
  if (own === batch || own > 1) return matrices
  const leading = other.shape.slice(0, -2)
  const last = matrices.shape.slice(-2)
  return tf.tile(tf.reshape(matrices, [...leading.map(() => 1), ...last]), [...leading, 1, 1])
}

/** The plain composition of tfjs ops: oracle, CPU lowering and, by autodiff, the gradient. */
export function matMulReference(a: tf.Tensor, b: tf.Tensor, options: MatMulOptions = {}): tf.Tensor {
  const { bias, residual, transposeA = false, transposeB = false, activation = 'none' } = options
  const product = tf.matMul(repeated(a, b), repeated(b, a), transposeA, transposeB)
  const y = activate(bias ? tf.add(product, bias) : product, activation)
  return residual ? tf.add(y, residual) : y
}

/** act(op(a) op(b) + bias) + residual. a [..., M, K], b [..., K, N], either with a batch of one → [..., M, N] */
export function matMul(a: tf.Tensor, b: tf.Tensor, options: MatMulOptions = {}): tf.Tensor {
  const { bias, residual, transposeA = false, transposeB = false, activation = 'none' } = options
  const shapes = [a, b, bias, residual].map(tensor => tensor?.shape)
  const { K, N, isBShared, output } = matricesOf(shapes, { transposeA, transposeB })
  // One b for all samples is one product of all their rows.
  const isFlat = isBShared && !transposeA
  const rows = isFlat ? tf.reshape(a, [-1, K]) : a
  const matrix = isFlat ? tf.reshape(b, b.shape.slice(-2)) : b
  const added = residual && isFlat ? tf.reshape(residual, [-1, N]) : residual
  const attributes = { transposeA, transposeB, activation }
  const multiply = () => {
    if (!isKernelKnown(matMulKernel))
      return matMulReference(rows, matrix, { ...attributes, bias, residual: added })
    if (activation === 'none') return runGpuKernel(matMulKernel, [rows, matrix, bias, added], attributes)[0]
    const shift = bias ?? tf.zeros([N])
    return runGpuKernel(activatedMatMulKernel, [rows, matrix, shift, added], attributes)[0]
  }
  const y = multiply()
  return isFlat ? tf.reshape(y, output) : y
}

/**
 * act(x Wᵀ + bias) + residual over the last axis.
 * x [..., in], weight [out, in], bias [out], residual [..., out] → [..., out]
 */
export function linear(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias?: tf.Tensor,
  activation: Activation = 'none',
  residual?: tf.Tensor,
): tf.Tensor {
  const [to, from] = weight.shape
  const rows = tf.reshape(x, [-1, from])
  const added = residual && tf.reshape(residual, [-1, to])
  const y = matMul(rows, weight, { transposeB: true, bias, activation, residual: added })
  return tf.reshape(y, [...x.shape.slice(0, -1), to])
}
