import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { DEMO_CASES } from './demoCases.ts'

test('a demo case that lies in public/ is the phantom of the seed and spacing that it is said to be', async () => {
  const files = DEMO_CASES.flatMap(demo => (demo.path === undefined ? [] : [{ ...demo, path: demo.path }]))
  expect(files.length).toBeGreaterThan(0)
  for (const { path, seed, spacingMm } of files) {
    const truth = JSON.parse(await readFile(`public/${path.replace('image.nii.gz', 'truth.json')}`, 'utf8'))
    expect([truth.seed, truth.spacingMm]).toEqual([seed, spacingMm])
  }
})
