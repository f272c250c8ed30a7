// Files that this page keeps: a folder of the browser's own file system (OPFS); of its database where there is none (a page
// over plain http: runs/databaseFolder.ts); of memory where there is not even that. Whoever keeps something takes a
// `FileFolder` and does not ask which.
import { InputError } from '../base/errors.ts'

/** A folder: flat file names, and folders inside it. */
export interface FileFolder {
  /** Undefined when there is no such file. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /**
   * All of it or nothing: a file that was there stays as it was until the new one is complete.
   * @throws InputError when there is no room left.
   */
  write(name: string, bytes: Uint8Array): Promise<void>
  /** @throws InputError when there is no room left; the file is then as it was. */
  append(name: string, bytes: Uint8Array): Promise<void>
  /** A file, or a folder with all that is in it; nothing happens when there is none. */
  remove(name: string): Promise<void>
  list(): Promise<readonly FolderEntry[]>
  /** Made when something is first written into it. */
  folder(name: string): FileFolder
}

export interface FolderEntry {
  readonly name: string
  readonly kind: 'file' | 'folder'
  /** 0 for a folder. */
  readonly bytes: number
}

const named = (error: unknown, name: string) => (error as { name?: string } | undefined)?.name === name

/** What the browser says of a full disk, in a sentence that says what to do. */
export function storageError(error: unknown): unknown {
  if (!named(error, 'QuotaExceededError')) return error
  return new InputError(
    'This browser has no room left for this page: nothing was written, and what was kept is as it was. Delete runs or models that are no longer needed, or free space on the disk, and try again.',
    String(error),
  )
}

/** Undefined instead of an error where a file or folder is missing. */
async function found<Handle>(handle: Promise<Handle>): Promise<Handle | undefined> {
  return handle.catch((error: unknown) => {
    if (named(error, 'NotFoundError')) return undefined
    throw error
  })
}

/** 0 where the file has gone since it was listed. */
async function sizeOf(file: FileSystemFileHandle): Promise<number> {
  return (await found(file.getFile()))?.size ?? 0
}

/** `open` gives the folder's handle; with `create` it is made, otherwise undefined when it is not there. */
type Open = (create: boolean) => Promise<FileSystemDirectoryHandle | undefined>

/** What a file is called until it is complete. */
const unfinished = '.new'

/** `move` is in every browser's own file system, and in no table of types yet. */
type MovableFile = FileSystemFileHandle & { move(name: string): Promise<void> }

/** Workers have files that flush: what was written is on the disk when this comes back. */
const canFlush = (): boolean =>
  typeof FileSystemFileHandle !== 'undefined' && 'createSyncAccessHandle' in FileSystemFileHandle.prototype

async function writeThrough(
  file: FileSystemFileHandle,
  bytes: Uint8Array,
  isAppended: boolean,
): Promise<void> {
  const access = await file.createSyncAccessHandle()
  const before = isAppended ? access.getSize() : 0
  try {
    access.truncate(before)
    const written = access.write(bytes as Uint8Array<ArrayBuffer>, { at: before })
    if (written < bytes.length)
      throw new DOMException(`${written} of ${bytes.length} bytes were written`, 'QuotaExceededError')
    access.flush()
  } catch (error) {
    if (isAppended) access.truncate(before)
    throw error
  } finally {
    access.close()
  }
}

/** Beside its place, flushed, then moved there: a crash at any moment leaves the old file or the new one. */
async function replaceFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const file = await folder.getFileHandle(name + unfinished, { create: true })
  try {
    await writeThrough(file, bytes, false)
    await (file as MovableFile).move(name)
  } catch (error) {
    await folder.removeEntry(name + unfinished).catch(() => undefined)
    throw error
  }
}

/** Outside of workers: the stream writes beside the file, all of it, and takes its place when it is closed. */
async function streamFile(file: FileSystemFileHandle, bytes: Uint8Array, isAppended: boolean): Promise<void> {
  const stream = await file.createWritable({ keepExistingData: isAppended })
  try {
    if (isAppended) await stream.seek((await file.getFile()).size)
    await stream.write(bytes as Uint8Array<ArrayBuffer>)
  } catch (error) {
    await stream.abort().catch(() => undefined)
    throw error
  }
  await stream.close()
}

function folderOf(open: Open): FileFolder {
  async function put(name: string, bytes: Uint8Array, isAppended: boolean): Promise<void> {
    try {
      const folder = (await open(true))!
      if (canFlush() && !isAppended) return await replaceFile(folder, name, bytes)
      const file = await folder.getFileHandle(name, { create: true })
      await (canFlush() ? writeThrough : streamFile)(file, bytes, isAppended)
    } catch (error) {
      throw storageError(error)
    }
  }

  return {
    async read(name) {
      const file = await found(open(false).then(async folder => folder && folder.getFileHandle(name)))
      return file && new Uint8Array(await (await file.getFile()).arrayBuffer())
    },
    write: (name, bytes) => put(name, bytes, false),
    append: (name, bytes) => put(name, bytes, true),
    async remove(name) {
      await found(open(false).then(async folder => folder?.removeEntry(name, { recursive: true })))
    },
    async list() {
      const folder = await open(false)
      const entries: FolderEntry[] = []
      if (!folder) return entries
      for await (const entry of folder.values())
        if (!entry.name.endsWith(unfinished))
          entries.push(
            entry.kind === 'file'
              ? { name: entry.name, kind: 'file', bytes: await sizeOf(entry as FileSystemFileHandle) }
              : { name: entry.name, kind: 'folder', bytes: 0 },
          )
      return entries
    },
    folder: name =>
      folderOf(create =>
        found(open(create).then(async parent => parent && parent.getDirectoryHandle(name, { create }))),
      ),
  }
}

/** A folder of memory: gone with the worker that holds it. */
export function memoryFolder(): FileFolder {
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  const folders = new Map<string, FileFolder>()
  return {
    read: async name => files.get(name)?.slice(),
    write: async (name, bytes) => void files.set(name, new Uint8Array(bytes)),
    async append(name, bytes) {
      const before = files.get(name) ?? new Uint8Array(0)
      const whole = new Uint8Array(before.length + bytes.length)
      whole.set(before)
      whole.set(bytes, before.length)
      files.set(name, whole)
    },
    async remove(name) {
      files.delete(name)
      folders.delete(name)
    },
    async list() {
      const inside = await Promise.all(
        [...folders].map(async ([name, folder]) => ({ name, isEmpty: (await folder.list()).length === 0 })),
      )
      return [
        ...[...files].map(([name, bytes]) => ({ name, kind: 'file' as const, bytes: bytes.length })),
        ...inside
          .filter(one => !one.isEmpty)
          .map(({ name }) => ({ name, kind: 'folder' as const, bytes: 0 })),
      ]
    },
    folder(name) {
      const known = folders.get(name) ?? memoryFolder()
      folders.set(name, known)
      return known
    },
  }
}

/** A folder of the given handle. */
export const handleFolder = (handle: FileSystemDirectoryHandle): FileFolder => folderOf(async () => handle)

/** The page's own folder in this browser; undefined where the browser offers none. */
export async function openPageFolder(): Promise<FileFolder | undefined> {
  const isComplete =
    canFlush() ||
    (typeof FileSystemFileHandle !== 'undefined' && 'createWritable' in FileSystemFileHandle.prototype)
  if (!isComplete || !navigator.storage?.getDirectory) return undefined
  return navigator.storage.getDirectory().then(handleFolder, () => undefined)
}
