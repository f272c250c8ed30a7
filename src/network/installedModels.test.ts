import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { modelIdentity, parseManifest } from './model.ts'

test('public/models/index.json names the installed models, and the lab’s is one of them', () => {
  const index = JSON.parse(readFileSync('public/models/index.json', 'utf8')) as {
    models: string[]
    lab: string
  }
  const folders = readdirSync('public/models', { withFileTypes: true }).filter(entry => entry.isDirectory())
  expect([...index.models].sort()).toEqual(folders.map(({ name }) => name).sort())
  expect(index.models).toContain(index.lab)
})

test('public/models/index.json gives each installed model its identity', async () => {
  const { models, identities } = JSON.parse(readFileSync('public/models/index.json', 'utf8')) as {
    models: string[]
    identities: Record<string, string>
  }
  expect(Object.keys(identities)).toEqual(models)
  for (const name of models) {
    const manifest = parseManifest(JSON.parse(readFileSync(`public/models/${name}/model.json`, 'utf8')))
    const weights = new Uint8Array(readFileSync(`public/models/${name}/${manifest.weights.file}`))
    expect(identities[name]).toBe(await modelIdentity(manifest, weights))
  }
})
