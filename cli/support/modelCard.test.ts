import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { modelIdentity, parseManifest } from '../../src/network/model.ts'
import { recordEvaluation, writeModelCard } from './modelCard.ts'

const demo = fileURLToPath(new URL('../../public/models/demo', import.meta.url))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'card-'))
  await cp(demo, folder, { recursive: true })
  await rm(path.join(folder, 'evaluation.json'), { force: true })
})
afterAll(() => rm(folder, { recursive: true }))

const card = () => readFile(path.join(folder, 'card.md'), 'utf8')
const identity = async () => {
  const manifest = parseManifest(JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')))
  return modelIdentity(manifest, new Uint8Array(await readFile(path.join(folder, manifest.weights.file))))
}
const figures = { bench: 'bench', date: '2026-11-25T00:00:00Z', device: 'CPU', table: ['| a | 0.5 |'] }

test('a card names the model by its identity and says that nothing was measured', async () => {
  await writeModelCard(folder)
  expect(await card()).toContain(await identity())
  expect(await card()).toContain('Not judged yet')
  expect(await card()).toContain('Research use — not for clinical use')
})

test('figures stand in the card, and are called old once the model has changed', async () => {
  await recordEvaluation(folder, 'val', { ...figures, sha256: await identity() })
  expect(await card()).toContain('| a | 0.5 |')
  expect(await card()).not.toContain('earlier state')
  const file = path.join(folder, 'model.json')
  const manifest = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...manifest, version: '9.9.9' }))
  await writeModelCard(folder)
  expect(await card()).toContain('Measured on an earlier state of this model')
})
