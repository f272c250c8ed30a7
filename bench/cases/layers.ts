// The network's layers: linear with GELU, convolutions, normalisations, semantic attention, losses and the optimiser.
import * as tf from '@tensorflow/tfjs-core'
import { instanceNorm } from '../../src/kernels/instanceNorm.ts'
import { conv3d, convTranspose, layerNorm, leakyRelu, linear } from '../../src/network/layers.ts'
import { patchMerge } from '../../src/network/swin.ts'
import { diceCrossEntropy } from '../../src/training/losses.ts'
import { adamWUpdate } from '../../src/training/optimiser.ts'
import { floats, pickSize, type BenchCase, type JaxArrays, type Scale } from './case.ts'
import { withGradients, withJaxGradients } from './differentiate.ts'
import type * as Jax from '@jax-js/jax'

function linearCases(scale: Scale): BenchCase[] {
  const rows = pickSize(scale, { quick: 1024, normal: 4096, full: 4096, gpu: 32768 })
  const inputs = { x: floats(rows, 192), weight: { ...floats(768, 192), scale: 0.1 }, bias: floats(768) }
  const names = ['x', 'weight', 'bias']
  const forward = (t: Record<string, tf.Tensor>) => linear(t, '', t.x, 'gelu')
  const inJax = ({ numpy: np, nn }: typeof Jax, { x, weight, bias }: JaxArrays) =>
    nn.gelu(np.matmul(x, np.transpose(weight)).add(bias), { approximate: false })
  const name = `linear + bias + GELU, ${rows}×192×768`
  return [
    {
      name: `${name}, forward`,
      inputs,
      compute: t => ({ y: forward(t) }),
      jax: (jax, arrays) => ({ y: inJax(jax, arrays) }),
    },
    {
      name: `${name}, forward and gradients`,
      inputs: { ...inputs, dy: floats(rows, 768) },
      compute: withGradients(forward, names),
      jax: withJaxGradients(inJax, names),
    },
  ]
}

function convolutionCases(scale: Scale): BenchCase[] {
  const side = pickSize(scale, { quick: 12, normal: 32, full: 32, gpu: 96 })
  const inputs = {
    x: floats(1, side, side, side, 48),
    weight: { ...floats(48, 48, 3, 3, 3), scale: 0.05 },
    bias: floats(48),
  }
  const names = ['x', 'weight', 'bias']
  const forward = (t: Record<string, tf.Tensor>) => conv3d(t, '', t.x)
  const inJax = ({ numpy: np, lax }: typeof Jax, { x, weight, bias }: JaxArrays) => {
    const first = np.transpose(x, [0, 4, 1, 2, 3])
    const y = lax.convGeneralDilated(first, weight, [1, 1, 1], 'SAME')
    return np.transpose(y, [0, 2, 3, 4, 1]).add(bias)
  }
  const name = `conv3d 3³, ${side}³ voxels, 48→48`
  return [
    {
      name: `${name}, forward`,
      inputs,
      compute: t => ({ y: forward(t) }),
      jax: (jax, arrays) => ({ y: inJax(jax, arrays) }),
    },
    {
      name: `${name}, forward and gradients`,
      inputs: { ...inputs, dy: inputs.x },
      compute: withGradients(forward, names),
      jax: withJaxGradients(inJax, names),
    },
  ]
}

function upsamplingCase(scale: Scale): BenchCase {
  const side = pickSize(scale, { quick: 8, normal: 16, full: 16, gpu: 48 })
  const forward = (t: Record<string, tf.Tensor>) => convTranspose(t, '', t.x)
  return {
    name: `transposed conv 2³, ${side}³ voxels, 96→48, forward and gradients`,
    inputs: {
      x: floats(1, side, side, side, 96),
      weight: { ...floats(96, 48, 2, 2, 2), scale: 0.1 },
      dy: floats(1, 2 * side, 2 * side, 2 * side, 48),
    },
    compute: withGradients(forward, ['x', 'weight']),
  }
}

function normalisationCases(scale: Scale): BenchCase[] {
  const side = pickSize(scale, { quick: 16, normal: 32, full: 48, gpu: 96 })
  const x = floats(1, side, side, side, 48)
  const names = ['x', 'weight', 'bias']
  const forward = (t: Record<string, tf.Tensor>) => layerNorm(t, '', t.x)
  const inJax = ({ nn }: typeof Jax, t: JaxArrays) =>
    nn.standardize(t.x, -1, { epsilon: 1e-5 }).mul(t.weight).add(t.bias)
  const affine = { x, weight: floats(48), bias: floats(48) }
  return [
    {
      name: `layer norm, ${side}³ tokens of 48, forward`,
      inputs: affine,
      compute: t => ({ y: forward(t) }),
      jax: (jax, arrays) => ({ y: inJax(jax, arrays) }),
    },
    {
      name: `layer norm, ${side}³ tokens of 48, forward and gradients`,
      inputs: { ...affine, dy: x },
      compute: withGradients(forward, names),
      jax: withJaxGradients(inJax, names),
    },
    {
      name: `instance norm + leaky ReLU, ${side}³ voxels of 48, forward and gradients`,
      inputs: { x, dy: x },
      compute: withGradients(t => leakyRelu(instanceNorm(t.x)), ['x']),
    },
  ]
}

function mergeCase(scale: Scale): BenchCase {
  const side = pickSize(scale, { quick: 8, normal: 16, full: 32, gpu: 48 })
  const inputs = {
    x: floats(1, side, side, side, 48),
    ...{ 'norm.weight': floats(384), 'norm.bias': floats(384) },
    'reduction.weight': { ...floats(96, 384), scale: 0.1 },
  }
  return {
    name: `patch merging, ${side}³ tokens of 48, forward and gradients`,
    inputs: { ...inputs, dy: floats(1, side / 2, side / 2, side / 2, 96) },
    compute: withGradients(t => patchMerge(t, t.x, 'monai_v2'), Object.keys(inputs)),
  }
}

function trainingCases(scale: Scale): BenchCase[] {
  const side = pickSize(scale, { quick: 24, normal: 48, full: 64, gpu: 96 })
  const count = pickSize(scale, { quick: 100_000, normal: 1_000_000, full: 1_000_000, gpu: 10_000_000 })
  const parameter = floats(count)
  return [
    {
      name: `Dice + cross entropy, ${side}³ voxels, forward and gradient`,
      inputs: {
        logits: floats(1, side, side, side, 2),
        labels: { shape: [1, side, side, side], dtype: 'int32' },
        dy: floats(),
      },
      compute: withGradients(({ logits, labels }) => diceCrossEntropy(logits, labels).total, ['logits']),
    },
    {
      name: `AdamW, ${count} parameters`,
      inputs: { p: parameter, gradient: parameter, m: parameter, v: parameter },
      compute: ({ p, gradient, m, v }) => {
        const state = { parameter: p, m, v: tf.square(v) }
        const next = adamWUpdate(state, gradient, tf.scalar(1e-3), [tf.scalar(0.1), tf.scalar(0.001)])
        return { parameter: next.parameter, nextM: next.m, nextV: next.v }
      },
    },
  ]
}

export function layerCases(scale: Scale): BenchCase[] {
  return [
    ...linearCases(scale),
    ...convolutionCases(scale),
    upsamplingCase(scale),
    mergeCase(scale),
    ...normalisationCases(scale),
    ...trainingCases(scale),
  ]
}
