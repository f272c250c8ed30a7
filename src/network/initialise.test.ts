import { describe, expect, it } from 'vitest'
import { presets, stageWidth } from './config.ts'
import { fnv1a, hashInitialise, hashSpread, initialiseParameters } from './initialise.ts'
import { parameterShapes } from './parameters.ts'

const shapes = parameterShapes(presets.tiny, { sa: true, clsHead: true, projectionHeads: true })

describe('the training initialiser', () => {
  const values = initialiseParameters(shapes, 5)

  it('gives linear weights a deviation of 0.02 and biases zero', () => {
    const weight = values['encoder.layers.2.blocks.0.mlp.fc1.weight']
    const deviation = Math.sqrt(weight.reduce((sum, value) => sum + value * value, 0) / weight.length)
    // 36,864 samples: the deviation's own error is 0.4 %.
    expect(deviation).toBeGreaterThan(0.0195)
    expect(deviation).toBeLessThan(0.0205)
    expect(values['encoder.layers.2.blocks.0.mlp.fc1.bias'].every(value => value === 0)).toBe(true)
  })

  it('starts norms at one, mask_token at zero and weight_g at one', () => {
    expect(values['encoder.norm0.weight'].every(value => value === 1)).toBe(true)
    expect(values['encoder.mask_token'].every(value => value === 0)).toBe(true)
    expect(values['head_aitd.last_layer.weight_g'].every(value => value === 1)).toBe(true)
  })

  it('draws convolutions and their biases from the uniform range of their fan-in', () => {
    const bound = 1 / Math.sqrt(8)
    for (const name of ['encoder.patch_embed.proj.weight', 'encoder.patch_embed.proj.bias']) {
      const largest = Math.max(...values[name].map(Math.abs))
      expect(largest).toBeLessThanOrEqual(bound)
      expect(largest).toBeGreaterThan(bound / 2)
    }
  })

  it('gives the same values for the same seed and others for another', () => {
    const name = 'sa.cls_token'
    expect(initialiseParameters(shapes, 5)[name]).toEqual(values[name])
    expect(initialiseParameters(shapes, 6)[name]).not.toEqual(values[name])
  })
})

describe('the hash initialiser', () => {
  it('hashes names with FNV-1a', () => {
    // From unit/hash_init of the golden fixtures.
    expect(fnv1a('encoder.layers.0.blocks.0.attn.qkv.weight')).toBe(2140581234)
  })

  it('spreads each kind of parameter as SPEC section 10 says', () => {
    expect(hashSpread('encoder.norm0.weight', [24])).toEqual({ center: 1, amp: 0.2 })
    expect(hashSpread('a.attn.qkv.weight', [72, 24]).amp).toBeCloseTo(2 * Math.sqrt(3 / 24), 12)
    expect(hashSpread('a.mlp.fc2.weight', [24, 96]).amp).toBeCloseTo(0.5 * Math.sqrt(3 / 96), 12)
    expect(hashSpread('decoder.decoder5.transp_conv.conv.weight', [384, 192, 2, 2, 2]).amp).toBeCloseTo(
      Math.sqrt(3 / 384),
      12,
    )
  })

  it('fills every parameter of a configuration with finite values', () => {
    const values = hashInitialise(shapes, 3)
    expect(Object.keys(values)).toEqual(Object.keys(shapes))
    expect(values['cls_head.weight'].length).toBe(
      2 * (stageWidth(presets.tiny, 3) + stageWidth(presets.tiny, 2)),
    )
    for (const value of Object.values(values)) expect(value.every(Number.isFinite)).toBe(true)
  })
})
