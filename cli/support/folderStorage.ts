// A run's storage as a folder on disk: whole files are written beside their place and then put there.
import { appendFile, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { RunStorage } from '../../src/training/run/storage.ts'

function isMissing(error: unknown): boolean {
  return (error as { code?: string }).code === 'ENOENT'
}

/** Writes `bytes` and waits until they are on the disk. */
async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'w')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The folder is made when the first file is written. */
export function folderStorage(folder: string): RunStorage {
  const at = (name: string) => path.join(folder, name)
  return {
    async read(name) {
      try {
        return new Uint8Array(await readFile(at(name)))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    async write(name, bytes) {
      await mkdir(folder, { recursive: true })
      await writeDurably(at(`${name}.new`), bytes)
      await rename(at(`${name}.new`), at(name))
    },
    async append(name, text) {
      await mkdir(folder, { recursive: true })
      await appendFile(at(name), text)
    },
    remove: name => rm(at(name), { force: true }),
  }
}
