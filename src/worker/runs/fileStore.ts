// Where this browser keeps runs: folders of files, in the origin's own file system where the page has one, in IndexedDB
// where it has not.
import { InputError } from '../../base/errors.ts'
import type { RunStorage } from '../../training/run/storage.ts'
import { openPageFolder, type FileFolder } from '../opfs.ts'
import { openDatabaseFolder } from './databaseFolder.ts'

/** Folder of all runs among what this page keeps. */
const rootFolder = 'training'

export interface StoredFile {
  readonly name: string
  readonly bytes: number
}

export interface StoredFolder extends RunStorage {
  /** In the order of their names; none where the folder does not exist. */
  files(): Promise<readonly StoredFile[]>
}

export interface FileStore {
  readonly place: 'files' | 'database'
  folders(): Promise<readonly string[]>
  /** It is made when its first file is written. */
  folder(name: string): StoredFolder
  /** With all its files; nothing happens when there is none. */
  remove(name: string): Promise<void>
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

/** The files of a folder as those of a run. */
export function storageIn(folder: FileFolder): StoredFolder {
  return {
    read: name => folder.read(name),
    write: (name, bytes) => folder.write(name, bytes),
    append: (name, text) => folder.append(name, new TextEncoder().encode(text)),
    remove: name => folder.remove(name),
    async files() {
      const files = (await folder.list()).filter(({ kind }) => kind === 'file')
      return files.map(({ name, bytes }) => ({ name, bytes })).sort(byName)
    },
  }
}

export function storeIn(root: FileFolder, place: FileStore['place']): FileStore {
  return {
    place,
    async folders() {
      const folders = (await root.list()).filter(({ kind }) => kind === 'folder')
      return folders.map(({ name }) => name).sort()
    },
    folder: name => storageIn(root.folder(name)),
    remove: name => root.remove(name),
  }
}

/** Everything that this browser keeps for the page. @throws DOMException where it keeps nothing. */
export async function openKeptFolder(): Promise<{ folder: FileFolder; place: FileStore['place'] }> {
  const files = await openPageFolder()
  return files ? { folder: files, place: 'files' } : { folder: await openDatabaseFolder(), place: 'database' }
}

/** @throws InputError where the browser keeps nothing for this page. */
export async function openStore(): Promise<FileStore> {
  try {
    const { folder, place } = await openKeptFolder()
    return storeIn(folder.folder(rootFolder), place)
  } catch (error) {
    throw new InputError(
      'This browser keeps nothing for this page, so a run could not be saved. Leave the private window, or allow this page to store data.',
      String(error),
    )
  }
}
