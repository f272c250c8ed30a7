// Files in IndexedDB, for pages that have no file system of their own (plain http). What is appended lies as pieces beside
// the file and is joined when it is read: a history of thousands of lines is not written again with every line.
import { storageError, type FileFolder, type FolderEntry } from '../opfs.ts'

const databaseName = 'training-runs'
const table = 'pieces'

/** Folder, file, number of the piece. A file that is written whole is piece 0 alone. */
type Key = [string, string, number]

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
  work: (pieces: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const transaction = database.transaction(table, mode, { durability: 'strict' })
  const ended = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(storageError(transaction.error))
  })
  try {
    const result = await work(transaction.objectStore(table))
    await ended
    return result
  } catch (error) {
    ended.catch(() => undefined)
    throw storageError(error)
  }
}

/** Keys that begin with `parts`. */
const allOf = (...parts: readonly string[]): IDBKeyRange => IDBKeyRange.bound(parts, [...parts, []])

function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

async function listFiles(pieces: IDBObjectStore, path: string): Promise<FolderEntry[]> {
  const sizes = new Map<string, number>()
  for (const key of (await settle(pieces.getAllKeys(allOf(path)))) as unknown as Key[]) {
    const piece = (await settle(pieces.get(key))) as Uint8Array
    sizes.set(key[1], (sizes.get(key[1]) ?? 0) + piece.length)
  }
  return [...sizes].map(([name, bytes]) => ({ name, kind: 'file', bytes }))
}

/** Folders directly inside `path`, by the paths that files have. */
async function listFolders(pieces: IDBObjectStore, path: string): Promise<FolderEntry[]> {
  const keys = (await settle(pieces.getAllKeys())) as unknown as Key[]
  const inside = keys.flatMap(([folder]) => (folder.startsWith(`${path}/`) ? [folder.slice(path.length + 1)] : []))
  const names = new Set(inside.map(folder => folder.split('/')[0]))
  return [...names].map(name => ({ name, kind: 'folder', bytes: 0 }))
}

function folderAt(database: IDBDatabase, path: string): FileFolder {
  return {
    read: name =>
      transact(database, 'readonly', async pieces => {
        const found = (await settle(pieces.getAll(allOf(path, name)))) as Uint8Array[]
        return found.length === 0 ? undefined : join(found)
      }),
    write: (name, bytes) =>
      transact(database, 'readwrite', async pieces => {
        await settle(pieces.delete(allOf(path, name)))
        // A view of a larger buffer would take all of it along.
        await settle(pieces.put(bytes.slice(), [path, name, 0] satisfies Key))
      }),
    append: (name, bytes) =>
      transact(database, 'readwrite', async pieces => {
        const count = await settle(pieces.count(allOf(path, name)))
        await settle(pieces.put(bytes.slice(), [path, name, count] satisfies Key))
      }),
    remove: name =>
      transact(database, 'readwrite', async pieces => {
        await settle(pieces.delete(allOf(path, name)))
        await settle(pieces.delete(allOf(`${path}/${name}`)))
      }),
    list: () =>
      transact(database, 'readonly', async pieces => [
        ...(await listFiles(pieces, path)),
        ...(await listFolders(pieces, path)),
      ]),
    folder: name => folderAt(database, `${path}/${name}`),
  }
}

/** The page's folder in the browser's database. @throws DOMException where the browser has none for this page. */
export async function openDatabaseFolder(): Promise<FileFolder> {
  const request = indexedDB.open(databaseName, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(table)
  return folderAt(await settle(request), '')
}
