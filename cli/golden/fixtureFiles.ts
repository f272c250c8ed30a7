// Golden fixtures on disk.
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../../src/base/errors.ts'
import { parseFixture, type Fixture } from '../../src/training/golden/fixture.ts'
import type { Path } from '../../src/training/golden/operation.ts'
import { runFixture, type Outcome } from '../../src/training/golden/runFixture.ts'

/** All JSON files under a folder that have a safetensors file of the same name, in order of their paths. */
export async function findFixtures(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => {
    throw new InputError(
      `The folder '${folder}' cannot be read; name a folder of golden fixtures (NAME.json beside NAME.safetensors).`,
    )
  })
  const files = entries.filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name))
  const known = new Set(files)
  return files
    .filter(file => file.endsWith('.json') && known.has(file.replace(/\.json$/, '.safetensors')))
    .sort()
}

/** Reads a fixture. @throws InputError when its files are damaged. */
export async function readFixture(file: string, folder: string): Promise<Fixture> {
  const json = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  const bytes = await readFile(file.replace(/\.json$/, '.safetensors'))
  return parseFixture(path.relative(folder, file).replace(/\.json$/, ''), json, bytes)
}

/** Runs the fixture of a JSON file; whatever goes wrong becomes a failed outcome, so that the others still run. */
export async function runFixtureFile(file: string, folder: string, road: Path): Promise<Outcome> {
  return runFixture(file, () => readFixture(file, folder), road)
}
