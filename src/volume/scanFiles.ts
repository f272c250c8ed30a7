// What was dropped: zips are looked into, the litter of file systems is left out, and each file is recognised by its
// first bytes, never by its name alone.
import { throwIfCancelled } from '../base/errors.ts'
import { createByteReader } from './byteReader.ts'
import type { ScanFile } from './volume.ts'
import { openZip } from './zip.ts'

export type FileKind = 'dicom' | 'nifti' | 'nrrd' | 'metaimage' | 'other'

export interface KnownFile {
  readonly file: ScanFile
  readonly kind: FileKind
  /** The first bytes of the file, unpacked where it is a .gz. */
  readonly head: Uint8Array
}

export interface FoundFiles {
  readonly files: readonly KnownFile[]
  readonly notes: readonly string[]
  /** Lets go of archives held in memory. */
  release(): void
}

/** Enough for the headers of nearly every DICOM file, and of every other format here. */
export const headBytes = 1 << 16

const litter = /(^|\/)(__MACOSX\/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|DICOMDIR$)/i

/** Looks into every file's first bytes; `onProgress` 0…1. */
export async function findScanFiles(
  files: readonly ScanFile[],
  options: { onProgress?: (fraction: number) => void; signal?: AbortSignal } = {},
): Promise<FoundFiles> {
  const notes: string[] = []
  const archives: { release(): void }[] = []
  const found: KnownFile[] = []
  const release = () => archives.forEach(archive => archive.release())
  const waiting = files.filter(file => !litter.test(file.path)).map(file => ({ file, nested: false }))
  try {
    for (let i = 0; i < waiting.length; i++) {
      throwIfCancelled(options.signal, 'Opening')
      const { file, nested } = waiting[i]
      const head = file.sizeBytes === 0 ? new Uint8Array(0) : await readHead(file)
      if (!isZip(head)) {
        const known = recognise(file, head)
        if (isGzip(head) && known.kind !== 'nifti' && known.kind !== 'other')
          notes.push(`${file.path} is packed by gzip, which is only read for NIfTI; unpack it first.`)
        else found.push(known)
      } else if (nested) {
        notes.push(`${file.path} is a zip within a zip and was left out; unpack it first.`)
      } else {
        const archive = await openZip(file)
        archives.push(archive)
        const inner = archive.files.filter(one => !litter.test(one.path))
        waiting.push(...inner.map(one => ({ file: one, nested: true })))
      }
      options.onProgress?.((i + 1) / waiting.length)
    }
  } catch (error) {
    release()
    throw error
  }
  return { files: found, notes, release }
}

export async function readHead(file: ScanFile): Promise<Uint8Array> {
  return file.head ? file.head(headBytes) : (await file.bytes()).subarray(0, headBytes)
}

function isZip(head: Uint8Array): boolean {
  return hasText(head, 0, 'PK\x03\x04') || hasText(head, 0, 'PK\x05\x06')
}

function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  return (
    at + text.length <= bytes.length && [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0))
  )
}

function recognise(file: ScanFile, bytes: Uint8Array): KnownFile {
  const head = isGzip(bytes) ? unpackHead(bytes) : bytes
  return { file, kind: kindOf(head), head }
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

function unpackHead(bytes: Uint8Array): Uint8Array {
  try {
    return createByteReader(bytes, 'gzip', false).read(1024)
  } catch {
    return new Uint8Array(0)
  }
}

function kindOf(head: Uint8Array): FileKind {
  if (hasText(head, 128, 'DICM') || isBareDicom(head)) return 'dicom'
  if (hasText(head, 0, 'NRRD000')) return 'nrrd'
  if (isNifti(head)) return 'nifti'
  const text = new TextDecoder('latin1').decode(head.subarray(0, 400))
  if (/^\s*(ObjectType|NDims|Comment|ObjectSubType)\s*=/.test(text)) return 'metaimage'
  return 'other'
}

function isNifti(head: Uint8Array): boolean {
  return (
    hasText(head, 344, 'n+1\0') ||
    hasText(head, 344, 'ni1\0') ||
    hasText(head, 4, 'n+2\0') ||
    hasText(head, 4, 'ni2\0')
  )
}

/**
 * A data set without preamble (DICOM before 1993, some archives): a low tag of group 0002 or 0008, and after it a higher
 * one. Voxels can look like the first tag alone.
 */
function isBareDicom(head: Uint8Array): boolean {
  if (head.length <= 132) return false
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const [group, element] = [view.getUint16(0, true), view.getUint16(2, true)]
  if ((group !== 2 && group !== 8) || element > 0x1f) return false
  const isExplicit = /^[A-Z]{2}$/.test(String.fromCharCode(head[4], head[5]))
  const next = 8 + (isExplicit ? view.getUint16(6, true) : view.getUint32(4, true))
  if (next + 4 > head.length) return false
  const [nextGroup, nextElement] = [view.getUint16(next, true), view.getUint16(next + 2, true)]
  return nextGroup === group ? nextElement > element : nextGroup > group && nextGroup <= 0x20
}
