// Fine-tuning and judging on one's own cases, as a user runs them.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pair, text } from '../src/training/labelled/testFiles.ts'
import type { ScanFile } from '../src/volume/volume.ts'
import { testCommand } from './support/testCommand.ts'

// As few as can be divided into two folds.
const names = ['a', 'b', 'c', 'd']
let folder: string
let data: string

async function write(file: ScanFile): Promise<void> {
  await writeFile(path.join(data, file.path), await file.bytes())
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'finetune-'))
  data = path.join(folder, 'cases')
  await mkdir(data)
  const rows = names.map((name, at) => `${name},${at % 2 ? 'large' : 'small'}`)
  const files = names.flatMap((name, at) => pair(name, at + 1, [{ at: [6, 7, 8], radius: 2 + (at % 2) }]))
  for (const file of [...files, text('labels.csv', ['id,label', ...rows].join('\n'))]) await write(file)
})
afterAll(() => rm(folder, { recursive: true }))

it('a probe of a folder of cases gives a run, figures and a model that knows what it has learnt from', async () => {
  const out = path.join(folder, 'run')
  const task = ['--task', 'classify', '--method', 'probe', '--folds', '2']
  const made = await testCommand('finetune', ...task, '--data', data, '--out', out)
  expect(made.code, made.err).toBe(0)
  expect(made.out).toMatch(/All cases: 4 of 4 patients[^]*Finished in/)
  const json = async (...names: string[]) => JSON.parse(await readFile(path.join(out, ...names), 'utf8'))
  expect((await json('metrics.json')).notice).toBe('Research use — not for clinical use')
  expect((await json('model', 'model.json')).provenance.learntFrom).toHaveLength(4)

  const judged = await testCommand(
    'evaluate',
    ...['--data', data, '--model', path.join(out, 'model'), '--device', 'cpu'],
  )
  expect(judged.code, judged.err).toBe(0)
  expect(judged.err).toContain('finetuned has learnt from the scans of a, b, c, d.')
  expect(judged.out).toMatch(/has learnt from the scans of 4 of the 4 cases/)
}, 60_000)

// A process each: what else can be wrong is tested beside what refuses it.
it.each([
  ['finetune', ['--out', 'nowhere', '--resume', '--data', '.'], /no run to continue here/],
  [
    'train',
    ['--task', 'classify', '--minutes', 'soon', '--out', 'x'],
    /--minutes is “soon”; a number above 0/,
  ],
])('%s %j is refused in a sentence', async (command, args, sentence) => {
  const { code, err } = await testCommand(command, ...args)
  expect(err).toMatch(sentence)
  expect(code).toBe(2)
})
