import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findFixtures } from '../../cli/golden/fixture.ts'
import { openPath } from '../../cli/golden/paths.ts'
import { runFixture } from '../../cli/golden/runFixture.ts'

const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))
const unitFiles = await findFixtures(path.join(golden, 'unit'))

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const webgpu = await openPath('webgpu').catch(() => undefined)

describe.skipIf(!webgpu)('eagerly on WebGPU', () => {
  it.each(unitFiles.map(file => path.basename(file, '.json')))('the unit fixture %s agrees', async name => {
    const outcome = await runFixture(path.join(golden, 'unit', `${name}.json`), golden, webgpu!)
    expect(outcome.status, outcome.text).toBe('passed')
  })

  // Two to four minutes on a software adapter.
  it.skipIf(!process.env.SMARTFORMER_FULL)(
    'the whole network tiny_forward_32 agrees',
    async () => {
      const outcome = await runFixture(path.join(golden, 'whole', 'tiny_forward_32.json'), golden, webgpu!)
      expect(outcome.status, outcome.text).toBe('passed')
    },
    600_000,
  )
})
