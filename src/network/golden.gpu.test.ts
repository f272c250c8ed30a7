import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findFixtures, runFixtureFile } from '../../cli/golden/fixtureFiles.ts'
import { openPath } from '../../cli/golden/paths.ts'

const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))
const unitFiles = await findFixtures(path.join(golden, 'unit'))
const unitNames = unitFiles.map(file => path.basename(file, '.json'))

// Dawn needs an optional package and a Vulkan driver; without them these tests are skipped by name.
const webgpu = await openPath('webgpu').catch(() => undefined)

describe.skipIf(!webgpu)('eagerly on WebGPU', () => {
  it.each(unitNames)('the unit fixture %s agrees', async name => {
    const outcome = await runFixtureFile(path.join(golden, 'unit', `${name}.json`), golden, webgpu!)
    expect(outcome.status, outcome.text).toBe('passed')
  })
})
