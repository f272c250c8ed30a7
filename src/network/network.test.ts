import '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { onnxPath } from '../training/golden/onnxPath.ts'
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import type { Program, Tensors } from '../training/golden/operation.ts'
import { largestError } from '../training/golden/compare.ts'
import type { HostTensors } from '../training/golden/fixture.ts'
import { InputError } from '../base/errors.ts'
import { instanceNorm } from '../kernels/instanceNorm.ts'
import { presets, type NetworkConfig } from './config.ts'
import { encode } from './encoder.ts'
import { hashInitialise, hashUniform } from './initialise.ts'
import { classifyLogits, pretrainOutputs, segmentLogits } from './network.ts'
import { parameterShapes, type NetworkParts } from './parameters.ts'

// Every option unlike the presets, small enough for plain JavaScript.
const unusual: NetworkConfig = {
  ...presets.tiny,
  in_chans: 2,
  embed: 4,
  depths: [1, 2, 1, 1],
  heads: [1, 2, 4, 2],
  window: 3,
  mlp_ratio: 2,
  qkv_bias: true,
  patch_norm: false,
  merge_order: 'monai_v1',
  window_mode: 'shrink',
  window_reverse: 'smit',
  rec_source: 'stage4',
  sa_depth: 3,
  n_classes: 3,
  seg_classes: 4,
  decoder_full_channels: 3,
}
const allParts: NetworkParts = {
  sa: true,
  clsHead: true,
  decoder: true,
  recHead: true,
  projectionHeads: true,
}

function weightsOf(config: NetworkConfig, parts: NetworkParts): HostTensors {
  const shapes = parameterShapes(config, parts)
  const values = hashInitialise(shapes, 9)
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, data: values[name] }]),
  )
}

function imageOf(shape: readonly number[]): HostTensors[string] {
  const count = shape.reduce((product, size) => product * size, 1)
  return { shape, data: Float32Array.from(hashUniform('image', 1, count, 0.5, 1)) }
}

function toTensors(values: HostTensors): Tensors {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [
      name,
      tf.tensor(data as Float32Array, [...shape]),
    ]),
  )
}

beforeAll(async () => {
  tf.enableProdMode()
  await tf.setBackend('cpu')
})

describe('the network', () => {
  it('computes the same compiled as eagerly with options unlike the presets, on a grid that is no cube', async () => {
    const program: Program = t => {
      const { reconstruction, aitd, ampd, gitd } = pretrainOutputs(t, t.image, unusual)
      return { reconstruction, aitd, ampd, gitd, segment: segmentLogits(t, t.image, unusual) }
    }
    const weights = weightsOf(unusual, allParts)
    const image = imageOf([1, 32, 64, 32, 2])
    const eager = tf.tidy(() => program(toTensors({ ...weights, image })))
    const compiled = await onnxPath(await loadNodeRuntime()).run(program, { image }, weights)
    expect(eager.segment.shape).toEqual([1, 32, 64, 32, 4])
    expect(eager.reconstruction.shape).toEqual([1, 32, 64, 32, 1])
    expect(eager.ampd.shape).toEqual([1, 4 * 8 * 4, 64])
    for (const [name, tensor] of Object.entries(eager)) {
      const values = Float32Array.from(await tensor.data())
      const scale = largestError(values, new Float32Array(values.length))
      const error = largestError(compiled[name].data, values)
      // Two float32 implementations of a network this deep: SPEC 11's ratio for whole-network outputs.
      expect(error, name).toBeLessThan(2e-4 * scale)
    }
  })

  it('classifies a crop of any size', () => {
    const weights = toTensors(weightsOf(presets.tiny, { sa: true, clsHead: true }))
    const image = toTensors({ image: imageOf([2, 17, 20, 23, 1]) }).image
    expect(tf.tidy(() => classifyLogits(weights, image, presets.tiny)).shape).toEqual([2, 2])
  })

  it('refuses to segment what is no multiple of 32, and says what to do', () => {
    const weights = toTensors(weightsOf(presets.demo, { decoder: true }))
    const image = tf.zeros([1, 32, 48, 32, 1])
    expect(() => segmentLogits(weights, image, presets.demo)).toThrow(InputError)
    expect(() => segmentLogits(weights, image, presets.demo)).toThrow(/32 × 48 × 32 voxels.*pad it/)
  })

  it('names the parameter that a weights file lacks', () => {
    const weights = toTensors(weightsOf(presets.tiny, {}))
    delete weights['encoder.layers.1.blocks.0.attn.proj.weight']
    expect(() => encode(weights, tf.zeros([1, 8, 8, 8, 1]), presets.tiny)).toThrow(/attn\.proj\.weight/)
  })
})

describe('stochastic depth', () => {
  const config: NetworkConfig = { ...presets.tiny, embed: 8, depths: [2, 1, 1, 1] }
  const weights = () => toTensors(weightsOf(config, {}))
  const image = () => toTensors({ image: imageOf([2, 8, 8, 8, 1]) }).image
  const run = (dropPath?: tf.Tensor) => tf.tidy(() => encode(weights(), image(), config, { dropPath }).raw[0])

  it('changes nothing where every multiplier is one', async () => {
    const error = tf.max(tf.abs(tf.sub(run(tf.ones([10, 2])), run())))
    expect((await error.data())[0]).toBe(0)
  })

  it('leaves a sample as it came where its multipliers are zero', async () => {
    // Branches 0…3 belong to the two blocks of the first stage; the second sample keeps its own.
    const multipliers = tf.tensor2d(
      Float32Array.from({ length: 20 }, (_, i) => (i < 8 && i % 2 === 0 ? 0 : 1)),
      [10, 2],
    )
    const raw = run(multipliers)
    const patch = tf.tidy(() => encode(weights(), image(), config).patch)
    const changed = await tf.max(tf.abs(tf.sub(raw, patch)), [1, 2, 3, 4]).data()
    expect(changed[0]).toBe(0)
    expect(changed[1]).toBeGreaterThan(0.1)
  })
})

describe('InstanceNorm over a single voxel', () => {
  it('is exactly zero and lets no gradient through', async () => {
    const x = tf.tensor([3.7, -1e6, 1e-20], [1, 1, 1, 1, 3])
    const { value, grad } = tf.valueAndGrad((input: tf.Tensor) => tf.sum(tf.exp(instanceNorm(input))))(x)
    expect((await value.data())[0]).toBe(3)
    expect((await grad.data()).every(slope => slope === 0)).toBe(true)
  })
})
