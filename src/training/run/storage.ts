// Where a run is kept, handed in so that the same run lives in a folder of Node or in the browser's own file system.
import { InputError } from '../../base/errors.ts'

/** Files of one run by flat names. */
export interface RunStorage {
  /** Undefined when there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>
  /** All of it or nothing: a file that was there stays as it was until the new one is complete. */
  write(name: string, bytes: Uint8Array): Promise<void>
  append(name: string, text: string): Promise<void>
  /** Nothing happens when there is no such file. */
  remove(name: string): Promise<void>
}

/** The parsed JSON of a file; undefined when there is none. @throws InputError when it is damaged. */
export async function readJson(storage: RunStorage, name: string): Promise<unknown> {
  const bytes = await storage.read(name)
  if (!bytes) return undefined
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw new InputError(
      `The run's ${name} cannot be read: it is not JSON; restore it, or begin a new run.`,
      String(error),
    )
  }
}

export function writeJson(storage: RunStorage, name: string, value: unknown): Promise<void> {
  return storage.write(name, new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`))
}
