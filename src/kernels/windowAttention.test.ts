import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import { openPath } from '../../cli/golden/paths.ts'
import { runFixtureFile } from '../../cli/golden/fixtureFiles.ts'
import { samplesPerBinding } from './gpuProgram.ts'
import { attendPlainly } from './plainAttention.ts'
import { attentionCases, caseInputs, expectClose } from './testSupport.ts'
import { windowAttentionReference } from './windowAttention.ts'
import { windowAttentionShape, type WindowAttributes } from './windowLayout.ts'

const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))
const tfjs = await openPath('tfjs')

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const plain: WindowAttributes = { heads: 2, window: 4, shift: 0, mode: 'fixed', reverse: 'exact' }

describe('the reference of window attention', () => {
  it.each(attentionCases)('follows the specification with %s', async (_, shape, attributes) => {
    const [qkv, bias, table] = caseInputs(shape, attributes)
    const got = windowAttentionReference(
      tf.tensor5d(qkv, shape as [number, number, number, number, number]),
      tf.tensor1d(bias),
      tf.tensor2d(table, [table.length / attributes.heads, attributes.heads]),
      attributes,
    )
    // 2e-6 of the largest value: a few roundings in single precision against double.
    expectClose(await got.data(), attendPlainly(qkv, shape, bias, table, attributes), 2e-6)
  })

  it.each([
    'window_attention_plain_bias',
    'window_attention_plain_nobias',
    'window_attention_shift_bias',
    'window_attention_shift_nobias',
    'swin_attend_4x8x4_plain',
    'swin_attend_4x8x4_shift',
    'swin_attend_5x6x7_plain',
    'swin_attend_5x6x7_shift',
    'relative_position_index',
  ])('agrees with the golden fixture %s, gradients included', async name => {
    const outcome = await runFixtureFile(path.join(golden, 'unit', `${name}.json`), golden, tfjs)
    expect(outcome.status, outcome.text).toBe('passed')
  })

  it('refuses shapes that do not fit each other in a sentence', () => {
    expect(() => windowAttentionShape([1, 4, 4, 4, 25], [25], [343, 2], plain)).toThrow(
      /expected qkv of shape/,
    )
    expect(() => windowAttentionShape([1, 4, 4, 4, 24], [8], [343, 2], plain)).toThrow(
      /qkvBias of shape \[24\]/,
    )
    expect(() => windowAttentionShape([1, 4, 4, 4, 24], [24], [125, 2], plain)).toThrow(/\[343, 2\]/)
    expect(windowAttentionShape([1, 4, 5, 6, 24], [24], [343, 2], plain)).toEqual([1, 4, 5, 6, 8])
  })
})

describe('splitting a batch over bindings', () => {
  it('keeps a batch whole that fits', () => {
    expect(samplesPerBinding(4, [1000, 300], 4000, 256)).toBe(4)
  })

  it('starts every part where a binding may begin, in each buffer', () => {
    // 192 · 4 and 64 · 4 are multiples of 256; 3000 bytes hold 15 samples of 192, of which 12 are a multiple of 4.
    expect(samplesPerBinding(100, [192, 64], 3000, 256)).toBe(12)
  })

  it('says what to do when one sample alone is too large', () => {
    expect(() => samplesPerBinding(2, [5000], 4096, 256)).toThrow(
      /10000 bytes .* 4096 bytes; compute smaller tiles/,
    )
  })
})
