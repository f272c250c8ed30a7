// One process writes a run's folder, as one tab does in the page (src/worker/runs/runLock.ts). Node has no lock that falls
// with its process: lock.json names the process and when that was started, so that one that is gone (killed, power off)
// is told apart from another that got its number.
import { readFileSync, unlinkSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, rmdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { InputError } from '../../src/base/errors.ts'

const lockFile = 'lock.json'

interface Holder {
  readonly pid: number
  readonly host: string
  /** ISO 8601. */
  readonly since: string
  /** Tells processes of the same number apart; null where the system does not say it. */
  readonly start: string | null
}

const isFailure = (error: unknown, code: string) => (error as { code?: string }).code === code

/** Boot and clock tick at which a process began, on Linux. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Field 22, counted behind the program's name, which may hold spaces.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return null
  }
}

function isRunning({ pid, start }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (isFailure(error, 'ESRCH')) return false
  }
  const now = startOf(pid)
  return start === null || now === null || now === start
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, since, start } = JSON.parse(text) as Holder
    if (Number.isInteger(pid) && pid > 0 && typeof host === 'string') return { pid, host, since, start }
  } catch {
    // Not complete, or damaged.
  }
  return undefined
}

function taken({ pid, host, since }: Holder, folder: string): InputError {
  const place = path.relative(process.cwd(), folder) || folder
  const when = since.slice(0, 16).replace('T', ' ')
  if (host === os.hostname())
    return new InputError(
      `Process ${pid} has been writing the run in ${place} since ${when} UTC. Stop it with Ctrl-C, which saves first, or wait for its end, then give this command again; or choose another --out.`,
    )
  return new InputError(
    `Process ${pid} of the machine “${host}” has been writing the run in ${place} since ${when} UTC. Stop it there first; if it runs no longer, delete ${path.join(place, lockFile)}, then give this command again.`,
  )
}

const readLock = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    if (isFailure(error, 'ENOENT')) return undefined
    throw error
  })

/** Who holds the lock: its maker may be between opening and writing it. Undefined for what is still nobody's then. */
async function readHolder(file: string): Promise<{ text: string; holder: Holder | undefined } | undefined> {
  for (let tries = 0; ; tries++) {
    const text = await readLock(file)
    if (text === undefined) return undefined
    const holder = parseHolder(text)
    if (holder || tries === 10) return { text, holder }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

async function writeLock(file: string, text: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx')
    await handle.writeFile(text).finally(() => handle.close())
    return true
  } catch (error) {
    if (isFailure(error, 'EEXIST')) return false
    throw error
  }
}

/** Takes away a lock whose process is gone; puts it back when somebody has made a new one meanwhile. */
async function breakLock(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}`
  try {
    await rename(file, aside)
  } catch (error) {
    if (isFailure(error, 'ENOENT')) return
    throw error
  }
  if ((await readLock(aside)) === text) await rm(aside, { force: true })
  else await rename(aside, file)
}

async function acquire(folder: string, text: string, onNotice: (notice: string) => void): Promise<void> {
  const file = path.join(folder, lockFile)
  while (!(await writeLock(file, text))) {
    const found = await readHolder(file)
    if (!found) continue
    const { holder } = found
    if (holder && (holder.host !== os.hostname() || isRunning(holder))) throw taken(holder, folder)
    await breakLock(file, found.text)
    onNotice(
      holder
        ? `Process ${holder.pid}, which wrote this run last, ended without releasing it; its lock is taken over.`
        : 'The lock of this run was damaged; it is taken over.',
    )
  }
}

/**
 * Does `work` while no other process may write the run in `folder`, which is made where it is missing, and removed again
 * where `work` leaves nothing in it. The lock falls at the end, at an error and at a second Ctrl-C; that of a process that
 * is gone is taken over.
 * @throws InputError when another process holds it, saying which.
 */
export async function withRunLock<T>(
  folder: string,
  work: () => Promise<T>,
  onNotice: (notice: string) => void = console.log,
): Promise<T> {
  const file = path.join(folder, lockFile)
  const { pid } = process
  const since = new Date().toISOString()
  const text = `${JSON.stringify({ pid, host: os.hostname(), since, start: startOf(pid) })}\n`
  const isMade = (await mkdir(folder, { recursive: true })) !== undefined
  await acquire(folder, text, onNotice)
  const release = () => {
    try {
      if (readFileSync(file, 'utf8') === text) unlinkSync(file)
    } catch {
      // Whoever deleted it wanted it gone.
    }
  }
  process.on('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
    if (isMade) await rmdir(folder).catch(() => undefined)
  }
}
