// Window attention and token masking, forward and backward.
import type * as Jax from '@jax-js/jax'
import type * as tf from '@tensorflow/tfjs-core'
import type { Triple } from '../../src/base/shape.ts'
import { maskTokens } from '../../src/kernels/maskTokens.ts'
import { windowAttention } from '../../src/kernels/windowAttention.ts'
import {
  layoutWindows,
  relativePositionIndex,
  shiftMask,
  type WindowAttributes,
} from '../../src/kernels/windowLayout.ts'
import { pickSize, type BenchCase, type JaxArrays, type Scale, type Tensors } from './case.ts'
import { withGradients, withJaxGradients } from './differentiate.ts'

const heads = 4
const attributes: WindowAttributes = { heads, window: 4, shift: 2, mode: 'fixed', reverse: 'exact' }
const differentiated = ['qkv', 'qkvBias', 'biasTable']

function attend({ qkv, qkvBias, biasTable }: Tensors): tf.Tensor {
  return windowAttention(qkv as tf.Tensor5D, qkvBias as tf.Tensor1D, biasTable as tf.Tensor2D, attributes)
}

/** As the tfjs composition: rows gathered into windows, scores with bias and mask, softmax, rows gathered back. */
function attendInJax(grid: Triple, headWidth: number) {
  const layout = layoutWindows(grid, attributes)
  const { windows, tokens } = layout
  const channels = heads * headWidth
  const index = relativePositionIndex(attributes.window, tokens)
  const mask = shiftMask(layout)
  return ({ numpy: np, nn }: typeof Jax, { qkv, qkvBias, biasTable }: JaxArrays): Jax.numpy.Array => {
    // The benchmark's grids are whole windows, so that no slot is padding and its value is not asked for.
    qkvBias.dispose()
    const rows = np.take(qkv.reshape([-1, 3 * channels]), np.array(layout.tokenOfSlot), 0)
    const parts = np.transpose(rows.reshape([windows, tokens, 3, heads, headWidth]), [2, 0, 3, 1, 4])
    const [q, k, v] = np.split(parts, 3, 0).map(part => part.reshape([windows, heads, tokens, headWidth]))
    const products = np.einsum('whqe,whke->whqk', q.mul(headWidth ** -0.5), k)
    const bias = np.transpose(np.take(biasTable, np.array(index), 0)).reshape([1, heads, tokens, tokens])
    const scores = products.add(bias).add(np.array(mask).reshape([windows, 1, tokens, tokens]))
    const mixed = np.einsum('whqk,whke->whqe', nn.softmax(scores, -1), v)
    const merged = np.transpose(mixed, [0, 2, 1, 3]).reshape([windows * tokens, channels])
    return np.take(merged, np.array(layout.slotOfToken), 0).reshape([1, ...grid, channels])
  }
}

function attentionCases(scale: Scale, headWidth: number): BenchCase[] {
  const side = pickSize(scale, { quick: 8, normal: 16, full: 32, gpu: 48 })
  const features = 3 * heads * headWidth
  const inputs = {
    qkv: { shape: [1, side, side, side, features], dtype: 'float32', scale: 2 },
    qkvBias: { shape: [features], dtype: 'float32' },
    biasTable: { shape: [343, heads], dtype: 'float32' },
  } as const
  const dy = { shape: [1, side, side, side, features / 3], dtype: 'float32' } as const
  const inJax = attendInJax([side, side, side], headWidth)
  const name = `window attention, ${side}³ tokens, ${heads} heads of ${headWidth}`
  return [
    {
      name: `${name}, forward`,
      inputs,
      compute: t => ({ y: attend(t) }),
      jax: (jax, arrays) => ({ y: inJax(jax, arrays) }),
    },
    {
      name: `${name}, forward and gradients`,
      inputs: { ...inputs, dy },
      compute: withGradients(attend, differentiated),
      jax: withJaxGradients(inJax, differentiated),
    },
  ]
}

function maskCase(scale: Scale): BenchCase {
  const side = pickSize(scale, { quick: 16, normal: 32, full: 48, gpu: 96 })
  return {
    name: `mask tokens, ${side}³ tokens of 48`,
    inputs: {
      x: { shape: [1, side, side, side, 48], dtype: 'float32' },
      token: { shape: [48], dtype: 'float32' },
      mask: { shape: [1, side, side, side], dtype: 'float32' },
    },
    compute: ({ x, token, mask }) => ({ y: maskTokens(x, token, mask) }),
    jax: ({ numpy: np }, { x, token, mask }) => {
      const m = np.expandDims(mask, 4)
      return { y: x.mul(np.subtract(1, m.ref)).add(token.mul(m)) }
    },
  }
}

export function tokenCases(scale: Scale): BenchCase[] {
  return [...attentionCases(scale, 12), ...attentionCases(scale, 24), maskCase(scale)]
}
