// Headers that name the file with their voxels (.nhdr, .mhd): it is looked for beside the header.
import { InputError } from '../base/errors.ts'
import type { ScanFile } from './volume.ts'

/** @throws InputError when the named file was not opened together with the header. */
export function findDetached(header: ScanFile, named: string, others: readonly ScanFile[]): ScanFile {
  const folder = header.path.includes('/') ? header.path.slice(0, header.path.lastIndexOf('/') + 1) : ''
  const wanted = named.replace(/^\.\//, '').replaceAll('\\', '/')
  const lastName = wanted.split('/').pop()
  const found =
    others.find(other => other.path === folder + wanted) ??
    others.find(other => other.path.startsWith(folder) && other.path.split('/').pop() === lastName)
  if (found) return found
  throw new InputError(
    `${header.path.split('/').pop()} is only the header of a scan; its voxels are in ${lastName}, which is missing. Open both files together.`,
  )
}
