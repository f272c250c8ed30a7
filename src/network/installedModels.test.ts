import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'

test('public/models/index.json names the installed models, and the lab’s is one of them', () => {
  const index = JSON.parse(readFileSync('public/models/index.json', 'utf8')) as {
    models: string[]
    lab: string
  }
  const folders = readdirSync('public/models', { withFileTypes: true }).filter(entry => entry.isDirectory())
  expect([...index.models].sort()).toEqual(folders.map(({ name }) => name).sort())
  expect(index.models).toContain(index.lab)
})
