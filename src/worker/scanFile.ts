// A file as the page picked it, for the readers.
import type { ScanFile } from '../volume/volume.ts'
import type { PickedFile } from './protocol.ts'

export function toScanFile({ path, file }: PickedFile): ScanFile {
  return {
    path,
    sizeBytes: file.size,
    bytes: async () => new Uint8Array(await file.arrayBuffer()),
    head: async count => new Uint8Array(await file.slice(0, count).arrayBuffer()),
  }
}
