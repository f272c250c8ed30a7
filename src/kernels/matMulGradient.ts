// The gradient of matMul, composed of matrix products:  with z = op(a) op(b) + bias, y = act(z) + residual
//   dz = act'(z) dy (one product with the derivative as its epilogue, nothing without activation)
//   da = dz op(b)ᵀ   db = op(a)ᵀ dz   dbias = column sums of dz   dresidual = dy
import * as tf from '@tensorflow/tfjs-core'
import { columnSum } from './columnSum.ts'
import { runGpuKernel } from './gpuKernel.ts'
import { activatedMatMulKernel, matMulKernel } from './matMul.ts'

type Flags = readonly [isTransposed: boolean, isTransposed: boolean]

function multiply(a: tf.Tensor, b: tf.Tensor, [transposeA, transposeB]: Flags): tf.Tensor {
  return runGpuKernel(matMulKernel, [a, b], { transposeA, transposeB })[0]
}

/** Sums the samples of an operand that the whole batch shared. */
function likeOperand(gradient: tf.Tensor, operand: tf.Tensor): tf.Tensor {
  if (gradient.size === operand.size) return tf.reshape(gradient, operand.shape)
  return tf.reshape(tf.sum(tf.reshape(gradient, [-1, operand.size]), 0), operand.shape)
}

function gradientOfLeft(dz: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  return transposeA ? multiply(b, dz, [transposeB, true]) : multiply(dz, b, [false, !transposeB])
}

function gradientOfRight(dz: tf.Tensor, a: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  return transposeB ? multiply(dz, a, [true, transposeA]) : multiply(a, dz, [!transposeA, false])
}

const gradientOf: tf.GradFunc = (dy, saved, attributes) => {
  const [a, b, bias] = saved
  const gradient = dy as tf.Tensor
  const transposeA = attributes.transposeA === true
  const transposeB = attributes.transposeB === true
  // Here and not inside the functions below: tfjs calls those in scopes that dispose of what they do not return.
  const dz = bias
    ? runGpuKernel(activatedMatMulKernel, [a, b, bias, gradient], {
        ...{ transposeA, transposeB },
        activation: `${attributes.activation as string}Derivative`,
      })[0]
    : gradient
  return {
    a: () => likeOperand(gradientOfLeft(dz, b, transposeA, transposeB), a),
    b: () => likeOperand(gradientOfRight(dz, a, transposeA, transposeB), b),
    bias: () => columnSum(dz),
    residual: () => gradient,
  }
}

export const matMulGradient: tf.GradConfig = {
  kernelName: matMulKernel.name,
  inputsToSave: ['a', 'b'],
  gradFunc: gradientOf,
}

export const activatedMatMulGradient: tf.GradConfig = {
  kernelName: activatedMatMulKernel.name,
  inputsToSave: ['a', 'b', 'bias'],
  gradFunc: gradientOf,
}
