import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testCommand } from './support/testCommand.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pretrain-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Starts the command itself, without run.mjs's process around it, so that a signal reaches it. */
function start(...args: string[]) {
  const hook = new URL('../scripts/rawImports.mjs', import.meta.url).href
  const command = ['--no-warnings', '--import', 'tsx', '--import', hook, 'cli/pretrain.ts', ...args]
  const child = spawn(process.execPath, command, { cwd: root, stdio: 'ignore' })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  return { child, ended }
}

async function rowsOf(run: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path.join(run, 'history.jsonl'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => ({ ...JSON.parse(line), seconds: 0, secondsLeft: 0, cropsPerSecond: 0 }))
}

async function weightsOf(run: string): Promise<Buffer> {
  const { checkpoint } = JSON.parse(await readFile(path.join(run, 'latest.json'), 'utf8')) as {
    checkpoint: string
  }
  return readFile(path.join(run, checkpoint))
}

it('a run that is killed in the middle and continued ends with the weights of one that was not', async () => {
  const [whole, killed] = [path.join(folder, 'whole'), path.join(folder, 'killed')]
  const small = ['--data', 'phantom:train', '--steps', '3', '--batch', '1', '--spacing', '2']
  const settings = [...small, '--threads', '1', '--save-every', '1']
  const { child, ended } = start(...settings, '--out', killed)
  while ((await rowsOf(killed)).length < 2 && child.exitCode === null)
    await new Promise(resolve => setTimeout(resolve, 20))
  child.kill('SIGKILL')
  expect(await ended).toBeNull()
  expect((await rowsOf(killed)).length).toBeLessThan(3)
  const again = await testCommand('pretrain', '--out', killed, '--resume', '--threads', '1')
  expect(again.code, again.err).toBe(0)
  expect(again.out).toMatch(/from step [12] of 3/)
  expect(again.out).not.toMatch(/no longer identical/)
  await testCommand('pretrain', ...settings, '--out', whole)
  expect((await weightsOf(killed)).equals(await weightsOf(whole))).toBe(true)
  expect(await rowsOf(killed)).toEqual(await rowsOf(whole))
})

// A process each: the sentences of src/training are tested there.
it.each([
  ['an odd crop', ['--data', 'phantom:train', '--out', 'x', '--crop', '40'], /multiple of 32/],
  ['settings beside --resume', ['--out', 'x', '--resume', '--lr', '1'], /--lr cannot be given with --resume/],
])('%s is refused in a sentence', async (_, args, sentence) => {
  const { code, err } = await testCommand('pretrain', ...args)
  expect(code).toBe(2)
  expect(err).toMatch(sentence)
})
