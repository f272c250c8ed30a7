// Our kernels as tfjs sees them: on its buffers, in its command encoder, with registered gradients.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { eagerPath } from '../../cli/golden/eagerPath.ts'
import { runFixtureFile } from '../../cli/golden/fixtureFiles.ts'
import { maskTokens, maskTokensReference } from './maskTokens.ts'
import { chooseTiles } from './gpuKernel.ts'
import { maskTokensPage, windowAttentionPage } from './register.ts'
import { attentionCases, caseInputs, expectClose, sample } from './testSupport.ts'
import { windowAttention, windowAttentionReference } from './windowAttention.ts'
import type { WindowAttributes } from './windowLayout.ts'

const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))
// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const gpu = await import('../../cli/support/nodeGpu.ts')
  .then(module => module.openNodeGpu())
  .catch(() => undefined)

// Otherwise tfjs computes small tensors on the CPU and the GPU is never asked.
if (gpu) tf.env().set('WEBGPU_CPU_FORWARD', false)

const complaints: string[] = []
gpu?.device.addEventListener('uncapturederror', event => complaints.push(event.error.message))

// A window of 7 takes tfjs's CPU backend half a minute to differentiate; the programs are tested on it without tfjs.
const smallCases = attentionCases.filter(([, , { window }]) => window === 4)

type TensorFunction = (...inputs: tf.Tensor[]) => tf.Tensor

/** The value and all gradients of `f` on a backend. */
async function differentiateOn(
  backend: string,
  f: TensorFunction,
  data: readonly (readonly [Float32Array, readonly number[]])[],
  dOutput: Float32Array,
): Promise<Float32Array[]> {
  await tf.setBackend(backend)
  const results = tf.tidy(() => {
    const inputs = data.map(([values, shape]) => tf.tensor(values, [...shape]))
    const value = f(...inputs)
    return [value, ...tf.grads(f)(inputs, tf.tensor(dOutput, value.shape))]
  })
  const values = await Promise.all(results.map(result => result.data()))
  tf.dispose(results)
  return values as Float32Array[]
}

function attentionOf(f: typeof windowAttention, attributes: WindowAttributes): TensorFunction {
  return (qkv, bias, table) =>
    f(qkv as tf.Tensor5D, bias as tf.Tensor1D, table as tf.Tensor2D, attributes) as tf.Tensor
}

describe.skipIf(!gpu)('window attention as a tfjs kernel on WebGPU', () => {
  it.each(smallCases)('equals its reference and the reference’s gradient with %s', async (...one) => {
    const [, shape, attributes] = one
    const { heads, window } = attributes
    const [qkv, bias, table, dOutput] = caseInputs(shape, attributes)
    const data = [
      [qkv, shape],
      [bias, [shape[4]]],
      [table, [(2 * window - 1) ** 3, heads]],
    ] as const
    const got = await differentiateOn('webgpu', attentionOf(windowAttention, attributes), data, dOutput)
    const want = await differentiateOn(
      'cpu',
      attentionOf(windowAttentionReference, attributes),
      data,
      dOutput,
    )
    const { forward, gradient } = windowAttentionPage.tolerance
    want.forEach((values, i) => expectClose(got[i], values, i === 0 ? forward : gradient))
    expect(complaints).toEqual([])
  })

  it.each(['registers', 'shared'] as const)(
    'agrees with the golden fixtures as variant %s, gradients included',
    async storage => {
      chooseTiles(storage)
      const webgpu = eagerPath('webgpu', 'webgpu', true)
      for (const name of ['window_attention_shift_bias', 'swin_attend_5x6x7_shift']) {
        const outcome = await runFixtureFile(path.join(golden, 'unit', `${name}.json`), golden, webgpu)
        expect(outcome.status, outcome.text).toBe('passed')
      }
    },
  )

  it('keeps no memory once its results are disposed of', async () => {
    const [, shape, attributes] = attentionCases[1]
    const [qkv, bias, table, dOutput] = caseInputs(shape, attributes)
    const data = [
      [qkv, shape],
      [bias, [shape[4]]],
      [table, [343, attributes.heads]],
    ] as const
    const tensors = () => [tf.memory().numTensors, tf.engine().backend.numDataIds()]
    const f = attentionOf(windowAttention, attributes)
    await differentiateOn('webgpu', f, data, dOutput)
    const before = tensors()
    await differentiateOn('webgpu', f, data, dOutput)
    expect(tensors()).toEqual(before)
  })
})

describe.skipIf(!gpu)('token masking as a tfjs kernel on WebGPU', () => {
  it.each([
    ['whole lanes of four channels', 8],
    ['lanes of two channels', 6],
    ['single channels', 7],
  ])('equals its reference and the reference’s gradient with %s', async (_, channels) => {
    const grid = [2, 3, 5, 4]
    const tokens = 120
    const mask = sample(tokens, 3).map(value => (value > 0.3 ? 1 : 0))
    const data = [
      [sample(tokens * channels, 1), [...grid, channels]],
      [sample(channels, 2), [channels]],
      [mask, grid],
    ] as const
    const dOutput = sample(tokens * channels, 4)
    const got = await differentiateOn('webgpu', maskTokens as TensorFunction, data, dOutput)
    const want = await differentiateOn('cpu', maskTokensReference as TensorFunction, data, dOutput)
    const { forward, gradient } = maskTokensPage.tolerance
    want.forEach((values, i) => expectClose(got[i], values, i === 0 ? forward : gradient))
    expect(complaints).toEqual([])
  })

  it('takes a mask of whole numbers too', async () => {
    await tf.setBackend('webgpu')
    const x = tf.ones([1, 1, 1, 2, 4])
    const mask = tf.tensor([0, 1], [1, 1, 1, 2], 'int32')
    const y = await maskTokens(x, tf.tensor1d([2, 3, 4, 5]), mask).data()
    expect(Array.from(y)).toEqual([1, 1, 1, 1, 2, 3, 4, 5])
  })
})
