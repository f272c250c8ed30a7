import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findFixtures, readFixture, runFixtureFile } from './fixtureFiles.ts'
import { largestError, worstCheck } from '../../src/training/golden/compare.ts'
import { openPath } from './paths.ts'

const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))
const unitFiles = await findFixtures(path.join(golden, 'unit'))
const nameOf = (file: string) => path.basename(file, '.json')

describe('on the compiled CPU path', async () => {
  const onnx = await openPath('onnx')

  it.each(unitFiles.map(nameOf))('the unit fixture %s agrees, gradients included', async name => {
    const outcome = await runFixtureFile(path.join(golden, 'unit', `${name}.json`), golden, onnx)
    expect(outcome.status, outcome.text).toBe('passed')
  })

  it.each(['tiny_forward_32', 'monai_v2_64', 'tiny_pretrain_32'])(
    'the whole network %s agrees',
    async name => {
      const outcome = await runFixtureFile(path.join(golden, 'whole', `${name}.json`), golden, onnx)
      expect(outcome.status, outcome.text).toBe('passed')
    },
  )
})

describe('eagerly on plain JavaScript', async () => {
  const tfjs = await openPath('tfjs')

  // One of each family; the command runs all of them.
  it.each([
    'swin_block_shrink_shift',
    'up_block',
    'semantic_attention_n30',
    'patch_merge_smit_5x3x4',
    'losses',
  ])('the unit fixture %s agrees, gradients included', async name => {
    const outcome = await runFixtureFile(path.join(golden, 'unit', `${name}.json`), golden, tfjs)
    expect(outcome.status, outcome.text).toBe('passed')
  })
})

describe('the comparison', () => {
  it('never lets a value pass that is not finite', () => {
    expect(largestError([1, NaN], [1, 2])).toBe(Infinity)
    expect(largestError([1], [1, 2])).toBe(Infinity)
  })

  it('names the tensor that strains its tolerance most', () => {
    const checks = [
      { tensor: 'large error, large tolerance', error: 1, tolerance: 10 },
      { tensor: 'small error, no tolerance', error: 1e-9, tolerance: 0 },
      { tensor: 'nothing', error: 0, tolerance: 0 },
    ]
    expect(worstCheck(checks)?.tensor).toBe('small error, no tolerance')
  })

  it('has a gradient for every parameter but the frozen ones in the fixtures it compares', async () => {
    const fixture = await readFixture(path.join(golden, 'unit', 'projection_head.json'), golden)
    const missing = Object.keys(fixture.tensors).filter(
      name => name.startsWith('param.') && !fixture.tensors[`grad.${name}`],
    )
    expect(missing).toEqual(['param.last_layer.weight_g'])
  })
})
