// The commands around training as a user runs them: forecast, train, evaluate.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { planPhantom } from '../src/phantom/anatomy.ts'
import { phantomBenchV1, seedsOf } from '../src/phantom/split.ts'
import { testCommand } from './support/testCommand.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'training-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('evaluate --crops-only judges every nodule of its phantoms, and writes what it printed', async () => {
  const json = path.join(folder, 'crops.json')
  const { code, out } = await testCommand(
    'evaluate',
    ...['--crops-only', '--split', 'val', '--scans', '2', '--device', 'cpu', '--json', json],
  )
  expect(code).toBe(0)
  expect(out).toMatch(/^demo .* 2 phantoms/)
  const { scans, model } = JSON.parse(await readFile(json, 'utf8'))
  expect(model.name).toBe('demo')
  const wanted = seedsOf(phantomBenchV1.val, 2).map(seed => planPhantom(seed).nodules)
  const pick = (nodules: { malignant: boolean }[]) => nodules.map(({ malignant }) => malignant)
  expect(scans.map((scan: { nodules: { malignant: boolean }[] }) => pick(scan.nodules))).toEqual(
    wanted.map(nodules => nodules.map(({ malignant }) => malignant)),
  )
  for (const { malignancy } of scans.flatMap((scan: { nodules: { malignancy: number }[] }) => scan.nodules)) {
    expect(malignancy).toBeGreaterThan(0)
    expect(malignancy).toBeLessThan(1)
  }
})

it('evaluate --crops-only refuses what belongs to whole scans', async () => {
  const { code, err } = await testCommand('evaluate', '--crops-only', '--choose')
  expect(code).toBe(2)
  expect(err).toMatch(/judges the classifier alone, without --choose/)
})

it('forecast prints a row for each task of a preset', async () => {
  const { code, out } = await testCommand('forecast', '--preset', 'demo', '--batch', '1')
  expect(code).toBe(0)
  const rows = out.split('\n').map(line => line.split(/\s+/))
  expect(rows.slice(1, 3).map(row => row.slice(0, 4))).toEqual([
    ['segment', 'demo', '32³', '1'],
    ['classify', 'demo', '32³', '1'],
  ])
})

// A minute: crops are drawn from a bank that is filled first.
it.skipIf(!process.env.SMARTFORMER_FULL)(
  'a training run that is continued ends as one that was not interrupted',
  async () => {
    const run = (out: string, steps: string, ...more: string[]) =>
      testCommand(
        'train',
        ...['--task', 'classify', '--preset', 'demo', '--steps', steps, '--lr', '1e-3'],
        ...['--out', path.join(folder, out), ...more],
      )
    const checkpoint = async (out: string) => {
      const latest = await readFile(path.join(folder, out, 'latest.json'), 'utf8')
      return readFile(path.join(folder, out, (JSON.parse(latest) as { checkpoint: string }).checkpoint))
    }
    expect((await run('once', '3')).code).toBe(0)
    expect((await run('twice', '2')).code).toBe(0)
    expect((await run('twice', '3', '--resume')).out).toMatch(/from step 2/)
    // Steps 1 and 2 are warm-up, whose learning rate does not depend on the length of the run.
    expect((await checkpoint('twice')).equals(await checkpoint('once'))).toBe(true)
    expect((await run('once', '3')).err).toMatch(/already holds a run; add --resume/)
    // A time budget ends it before its updates do, saved; another budget goes on from there.
    const timed = await run('timed', '100000', '--minutes', '0.05')
    const made = Number(/done after (\d+) updates/.exec(timed.out)?.[1])
    expect(made).toBeGreaterThan(0)
    const again = await run('timed', '100000', '--minutes', '0.05', '--resume')
    expect(again.out).toContain(`from step ${made},`)
    expect(Number(/done after (\d+) updates/.exec(again.out)?.[1])).toBeGreaterThan(made)
  },
  600_000,
)
