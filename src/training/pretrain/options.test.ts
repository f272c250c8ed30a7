import { describe, expect, it } from 'vitest'
import { defaultOptions, requireCropShape, requireOptions, type PretrainOptions } from './options.ts'

function refusal(changes: Partial<PretrainOptions>): string {
  try {
    requireOptions({ ...defaultOptions(100), ...changes })
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

describe('the options of pretraining', () => {
  it('are good as the paper has them, and for each of its rivals', () => {
    expect(refusal({})).toBe('')
    expect(refusal({ masking: 'random', semanticStage: null, teacherDropRatio: 0 })).toBe('')
    expect(refusal({ masking: 'none' })).toBe('')
  })

  it.each<[string, Partial<PretrainOptions>, RegExp]>([
    ['no steps', { steps: 0 }, /number of steps = 0.*at least 1/],
    ['r equal to s', { maskRatio: 0.3, hintRatio: 0.3 }, /r = 0\.3 is not above the hint ratio s = 0\.3/],
    ['r below s', { maskRatio: 0.1, hintRatio: 0.7 }, /choose r above s/],
    ['a mask ratio beyond 1', { maskRatio: 1.5 }, /mask ratio r = 1\.5/],
    ['an unknown mask', { masking: 'stripes' as never }, /"stripes".*attention, low-attention/],
    ['attention masks without attention', { semanticStage: null }, /semantic attention is off; switch it on/],
    ['a fifth stage', { semanticStage: 5 as never }, /stage from 1 to 4/],
    ['all losses off', { lossWeights: { amip: 0, ampd: 0, aitd: 0, gitd: 0 } }, /nothing to learn/],
    ['a negative weight', { lossWeights: { amip: -1, ampd: 0, aitd: 0, gitd: 0 } }, /weight of AMIP = -1/],
    ['a teacher that sees nothing', { teacherDropRatio: 1 }, /drop ratio rt = 1/],
    ['a temperature of 0', { teacherTemperatures: [0, 0.07] }, /first temperature = 0/],
    ['a rate that is no number', { learningRate: NaN }, /learning rate/],
    ['half a crop', { batch: 0.5 }, /batch = 0\.5/],
  ])('refuse %s in a sentence', (_, changes, sentence) => {
    expect(refusal(changes)).toMatch(sentence)
  })

  it('refuse a crop that is no multiple of 32', () => {
    expect(() => requireCropShape([32, 48, 32])).toThrow(/32 × 48 × 32 voxels.*multiple of 32/)
    expect(() => requireCropShape([64, 32, 96])).not.toThrow()
  })
})
