// What pretraining has beside the layers: attention over all tokens with its maps, the mask of it, the losses and the
// teacher's update.
import type * as Jax from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs-core'
import { denseAttention } from '../../src/kernels/denseAttention.ts'
import { crossViewLoss, maskedTokenLoss } from '../../src/kernels/distillationLoss.ts'
import { maskedL1 } from '../../src/kernels/maskedL1.ts'
import { attentionMask } from '../../src/kernels/topKMask.ts'
import { emaUpdate } from '../../src/training/optimiser.ts'
import { floats, pickSize, type BenchCase, type JaxArrays, type Scale } from './case.ts'
import { withGradients, withJaxGradients } from './differentiate.ts'

const temperatures = { student: 0.1, teacher: 0.04 }

function denseAttentionCases(scale: Scale): BenchCase[] {
  const side = pickSize(scale, { quick: 4, normal: 8, full: 8, gpu: 16 })
  const [tokens, heads, headWidth] = [side ** 3 + 1, 8, 24]
  const width = heads * headWidth
  const inputs = { qkv: { ...floats(1, tokens, 3 * width), scale: 2 } }
  const inJax = ({ numpy: np, nn }: typeof Jax, { qkv }: JaxArrays) => {
    const parts = np.transpose(qkv.reshape([tokens, 3, heads, headWidth]), [1, 2, 0, 3])
    const [q, k, v] = np.split(parts, 3, 0).map(part => part.reshape([heads, tokens, headWidth]))
    const scores = np.einsum('hqe,hke->hqk', q.mul(headWidth ** -0.5), k)
    const mixed = np.einsum('hqk,hke->hqe', nn.softmax(scores, -1), v)
    return np.transpose(mixed, [1, 0, 2]).reshape([1, tokens, width])
  }
  const name = `attention over ${side}³ tokens and [CLS], ${heads} heads of ${headWidth}`
  return [
    {
      name: `${name}, forward`,
      inputs,
      compute: ({ qkv }) => ({ y: denseAttention(qkv, { heads }).mixed }),
      jax: (jax, arrays) => ({ y: inJax(jax, arrays) }),
    },
    {
      name: `${name}, forward and gradients`,
      inputs: { ...inputs, dy: floats(1, tokens, width) },
      compute: withGradients(({ qkv }) => denseAttention(qkv, { heads }).mixed, ['qkv']),
      jax: withJaxGradients(inJax, ['qkv']),
    },
    {
      name: `${name}, forward with SATT`,
      inputs,
      compute: ({ qkv }) => {
        const { mixed, satt } = denseAttention(qkv, { heads, cls: true })
        return { mixed, satt: satt! }
      },
    },
  ]
}

function lossCases(scale: Scale): BenchCase[] {
  const side = pickSize(scale, { quick: 16, normal: 32, full: 64, gpu: 96 })
  const tokens = pickSize(scale, { quick: 64, normal: 512, full: 512, gpu: 1728 })
  const outputs = pickSize(scale, { quick: 256, normal: 1024, full: 4096, gpu: 8192 })
  const volume = floats(2, side, side, side, 1)
  const logits = { student: floats(2, tokens, outputs), teacher: floats(2, tokens, outputs) }
  return [
    {
      name: `attention mask of ${tokens} tokens, batch of 2`,
      inputs: { satt: floats(2, tokens) },
      compute: ({ satt }) => ({ mask: attentionMask(satt) }),
    },
    {
      name: `masked L1, ${side}³ voxels, forward and gradient`,
      inputs: { reconstruction: volume, image: volume, mask: volume, dy: floats() },
      compute: withGradients(
        ({ reconstruction, image, mask }) => maskedL1(reconstruction, image, tf.step(mask)),
        ['reconstruction'],
      ),
    },
    {
      name: `sharpened cross entropy of ${tokens} tokens, ${outputs} outputs, forward and gradient`,
      inputs: { ...logits, centre: floats(outputs), mask: floats(2, tokens), dy: floats() },
      compute: withGradients(
        ({ student, teacher, centre, mask }) =>
          maskedTokenLoss(student, teacher, centre, tf.step(mask), temperatures),
        ['student'],
      ),
    },
    {
      name: `sharpened cross entropy of two views, ${outputs} outputs, forward and gradient`,
      inputs: {
        ...{ student: floats(2, outputs), teacher: floats(2, outputs) },
        ...{ centre: floats(outputs), dy: floats() },
      },
      compute: withGradients(
        ({ student, teacher, centre }) => crossViewLoss(student, teacher, centre, temperatures),
        ['student'],
      ),
    },
  ]
}

function momentumCase(scale: Scale): BenchCase {
  const count = pickSize(scale, { quick: 100_000, normal: 1_000_000, full: 1_000_000, gpu: 10_000_000 })
  return {
    name: `momentum update, ${count} parameters`,
    inputs: { teacher: floats(count), student: floats(count) },
    compute: ({ teacher, student }) => ({ next: emaUpdate(teacher, student, 0.996) }),
    jax: (_, { teacher, student }) => ({ next: teacher.mul(0.996).add(student.mul(0.004)) }),
  }
}

export function pretrainingCases(scale: Scale): BenchCase[] {
  return [...denseAttentionCases(scale), ...lossCases(scale), momentumCase(scale)]
}
