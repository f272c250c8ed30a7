// Zip archives: the central directory is read and judged before anything is unpacked, then each file is unpacked alone
// when it is asked for. Source: PKWARE APPNOTE 6.3.9, sections 4.3.7, 4.3.12–4.3.16. fflate's own `unzip`
// unpacks whole files only; the headers of 800 slices would cost as much as the scan.
import { InputError } from '../base/errors.ts'
import { createByteReader } from './byteReader.ts'
import type { ScanFile } from './volume.ts'

/** CT slices reach 20 : 1; one file may be emptier than that, a whole archive of this size may not. */
const maxRatio = 200
const ratioMattersAbove = 256 * 2 ** 20
const maxUnpackedBytes = 16 * 2 ** 30
const maxEntryBytes = 2 ** 32 - 1

interface Entry {
  readonly name: string
  readonly method: number
  readonly encrypted: boolean
  readonly packedBytes: number
  readonly unpackedBytes: number
  readonly headerAt: number
}

export interface ZipArchive {
  readonly files: readonly ScanFile[]
  /** Lets go of the archive's bytes; they are read again when a file is next asked for. */
  release(): void
}

/** @throws InputError for a damaged archive, and for one that unpacks to more than a scan can be. */
export async function openZip(archive: ScanFile): Promise<ZipArchive> {
  let held: Promise<Uint8Array> | undefined
  const load = () => (held ??= archive.bytes())
  const name = archive.path.split('/').pop() ?? archive.path
  const entries = readDirectory(await load(), name)
  refuseBomb(entries, archive.sizeBytes, name)
  const files = entries
    .filter(entry => !entry.name.endsWith('/'))
    .map(entry => ({
      path: `${archive.path}/${entry.name.replaceAll('\\', '/')}`, // two archives may hold the same names
      sizeBytes: entry.unpackedBytes,
      bytes: async () => unpackWhole(packedBytes(await load(), entry, name), entry, name),
      head: async (count: number) =>
        unpackStart(
          packedBytes(await load(), entry, name),
          entry,
          Math.min(count, entry.unpackedBytes),
          name,
        ),
    }))
  return { files, release: () => (held = undefined) }
}

function refuseBomb(entries: readonly Entry[], archiveBytes: number, name: string): void {
  const total = entries.reduce((sum, entry) => sum + entry.unpackedBytes, 0)
  const largest = entries.reduce((most, entry) => Math.max(most, entry.unpackedBytes), 0)
  const swollen = total > ratioMattersAbove && total > maxRatio * archiveBytes
  if (swollen || total > maxUnpackedBytes || largest > maxEntryBytes)
    throw new InputError(
      `${name} holds ${formatSize(archiveBytes)} but would unpack to ${formatSize(total)}, which no CT scan does; it was not unpacked. Open the scan's folder or files instead.`,
    )
}

function formatSize(bytes: number): string {
  if (bytes < 1e5) return `${Math.ceil(bytes / 1e3)} KB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

function damaged(name: string, what: string): InputError {
  return new InputError(
    `${name} is not a complete zip archive (${what}). Download or pack it again, or open the scan's folder instead.`,
  )
}

function readDirectory(bytes: Uint8Array, name: string): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { count, start } = findDirectory(view, name)
  const entries: Entry[] = []
  let at = start
  for (let i = 0; i < count; i++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50)
      throw damaged(name, 'its list of files is cut off')
    const nameBytes = view.getUint16(at + 28, true)
    const extraBytes = view.getUint16(at + 30, true)
    const extraAt = at + 46 + nameBytes
    if (extraAt + extraBytes > view.byteLength) throw damaged(name, 'its list of files is cut off')
    const [unpackedBytes, packedBytes, headerAt] = readSizes(view, at, extraAt, extraBytes)
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, extraAt)),
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      packedBytes,
      unpackedBytes,
      headerAt,
    })
    at = extraAt + extraBytes + view.getUint16(at + 32, true)
  }
  return entries
}

/** The end record lies within the last 64 KB; its zip64 form is pointed to by a locator just before it. */
function findDirectory(view: DataView, name: string): { count: number; start: number } {
  const first = Math.max(0, view.byteLength - 22 - 0xffff)
  for (let at = view.byteLength - 22; at >= first; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue
    const count = view.getUint16(at + 10, true)
    const start = view.getUint32(at + 16, true)
    if (count !== 0xffff && start !== 0xffffffff) return { count, start }
    if (at < 20 || view.getUint32(at - 20, true) !== 0x07064b50) return { count, start }
    const end64 = Number(view.getBigUint64(at - 12, true))
    if (end64 + 56 > view.byteLength) throw damaged(name, 'its end record points outside')
    return {
      count: Number(view.getBigUint64(end64 + 32, true)),
      start: Number(view.getBigUint64(end64 + 48, true)),
    }
  }
  throw damaged(name, 'its end is missing')
}

/** Unpacked size, packed size and place of the local header; zip64 keeps those that do not fit in its extra field. */
function readSizes(view: DataView, at: number, extraAt: number, extraBytes: number): number[] {
  const sizes = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)]
  for (let field = extraAt; field + 4 <= extraAt + extraBytes; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue
    let next = field + 4
    return sizes.map(size => {
      if (size !== 0xffffffff || next + 8 > extraAt + extraBytes) return size
      next += 8
      return Number(view.getBigUint64(next - 8, true))
    })
  }
  return sizes
}

/** Where an entry's data lie in the archive. */
function packedBytes(bytes: Uint8Array, entry: Entry, name: string): Uint8Array<ArrayBuffer> {
  if (entry.encrypted)
    throw new InputError(
      `${name} is protected by a password, which cannot be asked for here. Unpack it and open the folder.`,
    )
  if (entry.method !== 0 && entry.method !== 8)
    throw new InputError(
      `${name} is packed by zip method ${entry.method}; only stored and deflated files can be read. Unpack it and open the folder.`,
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = entry.headerAt
  if (at + 30 > bytes.length || view.getUint32(at, true) !== 0x04034b50)
    throw damaged(name, 'a file in it is missing')
  const dataAt = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true)
  return bytes.subarray(dataAt, dataAt + entry.packedBytes) as Uint8Array<ArrayBuffer>
}

function unpackStart(packed: Uint8Array, { method }: Entry, count: number, name: string): Uint8Array {
  let output: Uint8Array
  try {
    output = createByteReader(packed, method === 0 ? 'none' : 'deflate').read(count)
  } catch {
    throw damaged(name, 'a file in it cannot be unpacked')
  }
  return requireAll(output, count, name)
}

/** By the platform's own inflate, several times as fast as one in JavaScript; what comes beyond the promised size is not read. */
async function unpackWhole(packed: Uint8Array<ArrayBuffer>, entry: Entry, name: string): Promise<Uint8Array> {
  const { method, unpackedBytes } = entry
  // Without the platform's inflate (browsers before 2023) the slower one does.
  if (method === 0 || typeof DecompressionStream === 'undefined')
    return unpackStart(packed, entry, unpackedBytes, name)
  const output = new Uint8Array(unpackedBytes)
  let written = 0
  try {
    const inflated = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
    const reader = inflated.getReader()
    while (written < unpackedBytes) {
      const { done, value } = await reader.read()
      if (done) break
      const piece = value.subarray(0, unpackedBytes - written)
      output.set(piece, written)
      written += piece.length
    }
    await reader.cancel()
  } catch {
    throw damaged(name, 'a file in it cannot be unpacked')
  }
  return requireAll(output.subarray(0, written), unpackedBytes, name)
}

function requireAll(output: Uint8Array, count: number, name: string): Uint8Array {
  if (output.length < count) throw damaged(name, 'a file in it is cut off')
  return output
}
