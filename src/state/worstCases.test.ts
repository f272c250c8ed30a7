import { describe, expect, test } from 'vitest'
import { packMask } from '../training/finetune/heldOutlines.ts'
import type { ClassReport, MaskReport } from '../worker/finetuneProtocol.ts'
import type { HeldCrops } from '../worker/heldTraining.ts'
import { outlinesOf, worstCasesOf } from './worstCases.ts'

describe('a case that the model got wrong', () => {
  test('is told by the names of its own classes, with the probability of the true one', () => {
    const worst = [{ at: 3, label: 2, called: 0, probability: 0.123, isIndeterminate: false }]
    const report = { kind: 'classes', classes: ['none', 'partial', 'complete'], worst } as unknown
    expect(worstCasesOf(report as ClassReport)).toEqual([
      { at: 3, said: 'called none, is complete: probability of complete 12 %' },
    ])
  })

  test('is told by its Dice, beside the start model where there is one', () => {
    const worst = [
      { at: 1, dice: 0.371, before: null },
      { at: 0, dice: 0.5, before: 0.444 },
    ]
    const report = { kind: 'masks', worst } as unknown
    expect(worstCasesOf(report as MaskReport).map(({ said }) => said)).toEqual([
      'Dice 0.37',
      'Dice 0.50, before 0.44',
    ])
  })

  test('has the truth of its box and, in the middle, what the model outlined', () => {
    // A box of 3×3×3 around a crop of one voxel.
    const masks = new Uint8Array(27)
    masks[0] = masks[13] = 1
    const held = {
      shape: [1, 1, 1],
      runId: 'r',
      crops: { shape: [3, 3, 3], cases: [{ hasMask: true }], hu: new Int16Array(27), masks },
    } as unknown as HeldCrops
    const { codes, hasTruth, hasOutline } = outlinesOf(held, 0, packMask(Uint8Array.of(1)))
    expect([hasTruth, hasOutline]).toEqual([true, true])
    expect([codes[0], codes[13], codes[14]]).toEqual([1, 3, 0])
    expect(masks[13]).toBe(1)
    expect(outlinesOf(held, 0, packMask(Uint8Array.of(0))).hasOutline).toBe(false)
    expect(outlinesOf(held, 0, undefined).codes[13]).toBe(1)
  })
})
