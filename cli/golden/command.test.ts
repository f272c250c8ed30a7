import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const unit = path.join(root, 'fixtures', 'golden', 'unit')
let folder: string

/** Runs the command and gives its exit code, output and errors. */
function runGolden(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise(resolve => {
    const command = [path.join(root, 'scripts', 'run.mjs'), 'cli/golden.ts', ...args]
    execFile(process.execPath, command, { cwd: root }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, out, err }),
    )
  })
}

async function copyFixture(
  name: string,
  as: string,
  change: (json: Record<string, unknown>) => void,
): Promise<void> {
  const json = JSON.parse(await readFile(path.join(unit, `${name}.json`), 'utf8')) as Record<string, unknown>
  change(json)
  await writeFile(path.join(folder, `${as}.json`), JSON.stringify(json))
  await cp(path.join(unit, `${name}.safetensors`), path.join(folder, `${as}.safetensors`))
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'golden-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('the golden command counts fixtures, and fails an unknown operation and a wrong value by name', async () => {
  await copyFixture('gelu', 'good', () => {})
  await copyFixture('gelu', 'unknown', json => (json.op = 'toString'))
  await copyFixture('leaky_relu', 'wrong', json => (json.op = 'gelu'))
  const { code, out } = await runGolden(folder, '--device', 'onnx')
  expect(code).toBe(1)
  expect(out).toMatch(/^passed +onnx +good /m)
  expect(out).toMatch(/^failed +onnx +unknown +the operation 'toString' is unknown/m)
  expect(out).toMatch(/^failed +onnx +wrong +error /m)
  expect(out.trim().split('\n').at(-1)).toBe('1 passed, 2 failed, 0 skipped')
})

it('the golden command says in a sentence when there is nothing to run', async () => {
  const { code, err } = await runGolden(path.join(root, 'scripts'))
  expect(code).toBe(2)
  expect(err).toContain('holds no golden fixture')
})
