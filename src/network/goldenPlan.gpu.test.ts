import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findFixtures, runFixtureFile } from '../../cli/golden/fixtureFiles.ts'
import { openPath } from '../../cli/golden/paths.ts'

// A file of its own beside golden.gpu.test.ts: a second device of Dawn in one process ends it.
const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))
const unitFiles = await findFixtures(path.join(golden, 'unit'))
const unitNames = unitFiles.map(file => path.basename(file, '.json'))

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const plan = await openPath('plan').catch(() => undefined)

describe.skipIf(!plan)('compiled to a WebGPU plan', () => {
  it.each(unitNames)('the unit fixture %s agrees, gradients included', async name => {
    const outcome = await runFixtureFile(path.join(golden, 'unit', `${name}.json`), golden, plan!)
    expect(outcome.status, outcome.text).toBe('passed')
  })

  // A minute or more each on a software adapter.
  it
    .skipIf(!process.env.SMARTFORMER_FULL)
    .each([
      'whole/tiny_forward_32',
      'whole/tiny_pretrain_32',
      'whole/monai_v2_64',
      'train/train_cls_tiny_32',
      'train/train_seg_tiny_32',
    ])(
    'the whole fixture %s agrees',
    async name => {
      const outcome = await runFixtureFile(path.join(golden, `${name}.json`), golden, plan!)
      expect(outcome.status, outcome.text).toBe('passed')
    },
    1_800_000,
  )
})
