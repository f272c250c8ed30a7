// From what was dropped or picked (files, folders, a zip) to a flat list of files with their paths.
import type { PickedFile } from '../worker/protocol.ts'

export interface Picked {
  readonly files: readonly PickedFile[]
  /** What the case is called until its series says better. */
  readonly title: string
}

export function fromFileList(list: Iterable<File>): Picked {
  const files = [...list].map(file => ({ path: file.webkitRelativePath || file.name, file }))
  return { files, title: titleOf(files.map(one => one.path)) }
}

/** Directories are walked. Entries must be taken from the event at once: it is empty after the first await. */
export async function fromDrop(transfer: DataTransfer): Promise<Picked> {
  const entries = [...transfer.items]
    .filter(item => item.kind === 'file')
    .map(item => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  const files: PickedFile[] = []
  for (const { entry, file } of entries) {
    if (entry) await walk(entry, files)
    else if (file) files.push({ path: file.name, file })
  }
  const names = entries.map(({ entry, file }) => entry?.name ?? file?.name ?? '')
  return { files, title: titleOf(names.length === 1 ? names : files.map(one => one.path)) }
}

async function walk(entry: FileSystemEntry, files: PickedFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    )
    files.push({ path: entry.fullPath.replace(/^\//, ''), file })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  // One call answers at most a hundred entries.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (batch.length === 0) return
    for (const child of batch) await walk(child, files)
  }
}

function titleOf(paths: readonly string[]): string {
  if (paths.length === 0) return 'Nothing'
  const first = paths[0]
  if (paths.length === 1) return first.split('/').pop() ?? first
  const folder = first.includes('/') ? first.split('/')[0] : undefined
  return folder && paths.every(path => path.startsWith(`${folder}/`)) ? folder : `${paths.length} files`
}
