import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withRunLock } from './runLock.ts'
import { testCommand } from './testCommand.ts'

let folder: string
let notices: string[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'lock-'))
  notices = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const lockIn = (place: string) => path.join(place, 'lock.json')
const lock = (work: () => Promise<unknown> = () => Promise.resolve()) =>
  withRunLock(folder, work, notice => notices.push(notice))

/** What a process would have left; this one's number where no other is given. */
const leave = (changes: object) =>
  writeFile(
    lockIn(folder),
    JSON.stringify({
      ...{ pid: process.pid, host: os.hostname(), since: '2026-01-02T03:04:05.000Z', start: null },
      ...changes,
    }),
  )

/** Ends at once; its number belongs to nobody then. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise(resolve => child.on('close', resolve))
  return child.pid!
}

describe('the lock of a run’s folder', () => {
  test('keeps a second process out, says who holds it and what to do, and falls at the end', async () => {
    await lock(async () => {
      const { code, err } = await testCommand('pretrain', '--out', folder, '--resume')
      expect(code).toBe(2)
      expect(err).toMatch(
        new RegExp(`^Process ${process.pid} has been writing the run .* Ctrl-C, which saves`),
      )
    })
    expect(existsSync(lockIn(folder))).toBe(false)
    expect((await testCommand('pretrain', '--out', folder, '--resume')).err).toMatch(/no run to continue/)
    expect(notices).toEqual([])
  })

  test('falls when the work fails, and when the process ends in the middle of it', async () => {
    await expect(lock(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
    expect(existsSync(lockIn(folder))).toBe(false)
    const module = fileURLToPath(new URL('./runLock.ts', import.meta.url))
    const code = `const { withRunLock } = await import(${JSON.stringify(module)})
      const { existsSync } = await import('node:fs')
      await withRunLock(${JSON.stringify(folder)}, async () =>
        process.exit(existsSync(${JSON.stringify(lockIn(folder))}) ? 130 : 1))`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code])
    expect(await new Promise(resolve => child.on('close', resolve))).toBe(130)
    expect(existsSync(lockIn(folder))).toBe(false)
  })

  test('of a process that is gone is taken over', async () => {
    const pid = await deadProcess()
    await leave({ pid })
    let held: unknown
    await lock(async () => (held = JSON.parse(await readFile(lockIn(folder), 'utf8'))))
    expect(held).toMatchObject({ pid: process.pid })
    expect(notices).toEqual([expect.stringContaining(`Process ${pid}, which wrote this run last`)])
    expect(await readdir(folder)).toEqual([])
  })

  test.skipIf(process.platform !== 'linux')(
    'of a process whose number another one has now is taken over',
    async () => {
      await leave({ start: 'another boot 1' })
      await lock()
      expect(notices).toHaveLength(1)
    },
  )

  test('of a running process stays, also where the system does not say when that began', async () => {
    await leave({})
    await expect(lock()).rejects.toThrow('since 2026-01-02 03:04 UTC')
    expect(existsSync(lockIn(folder))).toBe(true)
  })

  test('of another machine stays, whatever its process does, and says what to delete', async () => {
    await leave({ pid: await deadProcess(), host: 'elsewhere' })
    await expect(lock()).rejects.toThrow(/machine “elsewhere”.*delete .*lock\.json/)
  })

  test('that is damaged is taken over', async () => {
    await writeFile(lockIn(folder), '{"pid":')
    await lock()
    expect(notices).toEqual([expect.stringContaining('damaged')])
  })

  test('takes away a folder that it made and that nothing was put into, and no other', async () => {
    const inner = path.join(folder, 'a', 'run')
    await withRunLock(inner, () => Promise.resolve())
    expect(existsSync(inner)).toBe(false)
    await lock()
    expect(existsSync(folder)).toBe(true)
  })
})
