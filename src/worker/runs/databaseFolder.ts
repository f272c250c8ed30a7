// Files in IndexedDB, for pages that have no file system of their own (plain http). What is appended lies as pieces beside
// the file and is joined when it is read: a history of thousands of lines is not written again with every line. Sizes have a
// table of their own, so that a list reads no file.
import { storageError, type FileFolder, type FolderEntry } from '../opfs.ts'

const databaseName = 'training-runs'
const tables = ['pieces', 'sizes'] as const

/** Folder, file, number of the piece. A file that is written whole is piece 0 alone. */
type Key = [string, string, number]
/** Folder, file. */
type FileKey = [string, string]

interface Tables {
  /** Of `Key`: bytes. */
  readonly pieces: IDBObjectStore
  /** Of `FileKey`: bytes of all its pieces. */
  readonly sizes: IDBObjectStore
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('The database did not answer.'))
  })
}

/** One transaction: all of `work`'s changes or none, and on the disk when this comes back. */
async function transact<T>(
  database: IDBDatabase,
  mode: 'readonly' | 'readwrite',
  work: (tables: Tables) => Promise<T>,
): Promise<T> {
  const transaction = database.transaction(tables, mode, { durability: 'strict' })
  const ended = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(storageError(transaction.error))
  })
  try {
    const [pieces, sizes] = tables.map(name => transaction.objectStore(name))
    const result = await work({ pieces, sizes })
    await ended
    return result
  } catch (error) {
    ended.catch(() => undefined)
    throw storageError(error)
  }
}

/** Keys that begin with `parts`. */
const allOf = (...parts: readonly string[]): IDBKeyRange => IDBKeyRange.bound(parts, [...parts, []])
/** Keys of a folder and of all folders inside it; '0' follows '/'. */
const allUnder = (path: string): IDBKeyRange[] => [
  allOf(path),
  IDBKeyRange.bound([`${path}/`], [`${path}0`], false, true),
]

function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

async function listFiles({ sizes }: Tables, path: string): Promise<FolderEntry[]> {
  const keys = (await settle(sizes.getAllKeys(allOf(path)))) as FileKey[]
  const bytes = (await settle(sizes.getAll(allOf(path)))) as number[]
  return keys.map(([, name], at) => ({ name, kind: 'file', bytes: bytes[at] }))
}

/** Folders directly inside `path`, by the paths that files have. */
async function listFolders({ sizes }: Tables, path: string): Promise<FolderEntry[]> {
  const keys = (await settle(sizes.getAllKeys(allUnder(path)[1]))) as FileKey[]
  const names = new Set(keys.map(([folder]) => folder.slice(path.length + 1).split('/')[0]))
  return [...names].map(name => ({ name, kind: 'folder', bytes: 0 }))
}

function folderAt(database: IDBDatabase, path: string): FileFolder {
  return {
    read: name =>
      transact(database, 'readonly', async ({ pieces }) => {
        const found = (await settle(pieces.getAll(allOf(path, name)))) as Uint8Array[]
        return found.length === 0 ? undefined : join(found)
      }),
    write: (name, bytes) =>
      transact(database, 'readwrite', async ({ pieces, sizes }) => {
        await settle(pieces.delete(allOf(path, name)))
        // A view of a larger buffer would take all of it along.
        await settle(pieces.put(bytes.slice(), [path, name, 0] satisfies Key))
        await settle(sizes.put(bytes.length, [path, name] satisfies FileKey))
      }),
    append: (name, bytes) =>
      transact(database, 'readwrite', async ({ pieces, sizes }) => {
        const count = await settle(pieces.count(allOf(path, name)))
        const before = ((await settle(sizes.get([path, name]))) as number | undefined) ?? 0
        await settle(pieces.put(bytes.slice(), [path, name, count] satisfies Key))
        await settle(sizes.put(before + bytes.length, [path, name] satisfies FileKey))
      }),
    remove: name =>
      transact(database, 'readwrite', async ({ pieces, sizes }) => {
        for (const range of [allOf(path, name), ...allUnder(`${path}/${name}`)]) {
          await settle(pieces.delete(range))
          await settle(sizes.delete(range))
        }
      }),
    list: () =>
      transact(database, 'readonly', async read => [
        ...(await listFiles(read, path)),
        ...(await listFolders(read, path)),
      ]),
    folder: name => folderAt(database, `${path}/${name}`),
  }
}

/** The first version had no table of sizes. */
function countSizes(pieces: IDBObjectStore, sizes: IDBObjectStore): void {
  const cursor = pieces.openCursor()
  let sum = 0
  cursor.onsuccess = () => {
    const { result } = cursor
    if (!result) return
    const [path, name, index] = result.key as Key
    sum = (index === 0 ? 0 : sum) + (result.value as Uint8Array).length
    sizes.put(sum, [path, name] satisfies FileKey)
    result.continue()
  }
}

let opened: Promise<IDBDatabase> | undefined

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(databaseName, 2)
  request.onupgradeneeded = ({ oldVersion }) => {
    const { result: database, transaction } = request
    const sizes = database.createObjectStore('sizes')
    if (oldVersion === 0) database.createObjectStore('pieces')
    else countSizes(transaction!.objectStore('pieces'), sizes)
  }
  return settle(request)
}

/** The page's folder in the browser's database. @throws DOMException where the browser has none for this page. */
export async function openDatabaseFolder(): Promise<FileFolder> {
  opened ??= open()
  try {
    return folderAt(await opened, '')
  } catch (error) {
    opened = undefined
    throw error
  }
}
