// A file as the page got it, as the readers of scans take it.
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
