// safetensors files: u64 header length, JSON header, raw little-endian data. A file is hostile until its header has
// been checked against its size; nothing is allocated before that.
import { InputError } from '../base/errors.ts'

export type SafetensorsDtype = 'F32' | 'F64' | 'F16' | 'I32' | 'I16' | 'U8'
export type SafetensorsData = Float32Array | Float64Array | Int32Array | Int16Array | Uint8Array | Uint16Array

/** One named array; F16 is kept as its raw uint16 bits. */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  readonly data: SafetensorsData
}

export interface SafetensorsFile {
  readonly tensors: Record<string, SafetensorsTensor>
  readonly metadata: Record<string, string>
}

const arrays = {
  F32: Float32Array,
  F64: Float64Array,
  F16: Uint16Array,
  I32: Int32Array,
  I16: Int16Array,
  U8: Uint8Array,
} as const

// The largest header of a published model is far below this (the format's own reader allows 100 MB).
const largestHeaderBytes = 100_000_000
const largestElementCount = 2 ** 32

function refuse(what: string): never {
  throw new InputError(
    `This is not a readable safetensors file: ${what}; choose a complete .safetensors file with F32, F64, F16, I32, I16 or U8 tensors.`,
  )
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.byteLength < 8) refuse(`it has ${bytes.byteLength} bytes, too few for a header`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32
  if (length > bytes.byteLength - 8 || length > largestHeaderBytes)
    refuse(`its header claims ${length} bytes, but ${bytes.byteLength - 8} bytes follow`)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.slice(8, 8 + length)))
  } catch {
    refuse('its header is not JSON')
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    refuse('its header is no object')
  return { header: header as Record<string, unknown>, dataStart: 8 + length }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** Where one tensor stands: the half-open byte range [begin, end) of the data behind the header. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

/** What a file says that it holds, checked against its size; no tensor has been copied yet. */
export interface SafetensorsLayout {
  readonly entries: Record<string, SafetensorsEntry>
  readonly metadata: Record<string, string>
  /** The data behind the header, a view of the file. */
  readonly data: Uint8Array
}

function readEntry(name: string, entry: unknown, dataBytes: number): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>
  if (typeof dtype !== 'string' || !Object.hasOwn(arrays, dtype))
    refuse(`tensor '${name}' has the data type ${JSON.stringify(dtype)}`)
  if (!Array.isArray(shape) || !shape.every(isSize))
    refuse(`tensor '${name}' has the shape ${JSON.stringify(shape)}`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    refuse(`tensor '${name}' has no data offsets`)
  const [begin, end] = offsets as [number, number]
  const count = (shape as number[]).reduce((product, size) => product * size, 1)
  const type = arrays[dtype as SafetensorsDtype]
  if (count > largestElementCount || end < begin || end - begin !== count * type.BYTES_PER_ELEMENT)
    refuse(`tensor '${name}' of shape [${shape.join(', ')}] does not fill its ${end - begin} bytes`)
  if (end > dataBytes)
    refuse(`tensor '${name}' ends at byte ${end}, but the file holds ${dataBytes} bytes of data`)
  return { dtype: dtype as SafetensorsDtype, shape: shape as number[], begin, end }
}

/** The format leaves no byte without a tensor and gives none to two: offsets that say otherwise are lies. */
function requireNoGaps(entries: Record<string, SafetensorsEntry>, dataBytes: number): void {
  let at = 0
  for (const [name, { begin, end }] of Object.entries(entries).sort(
    ([, a], [, b]) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin < at) refuse(`tensor '${name}' begins at byte ${begin}, inside another tensor`)
    if (begin > at) refuse(`no tensor fills the bytes ${at} to ${begin} before '${name}'`)
    at = end
  }
  if (at !== dataBytes) refuse(`its tensors end at byte ${at}, but the file holds ${dataBytes} bytes of data`)
}

function readMetadata(entry: unknown): Record<string, string> {
  const isTexts =
    typeof entry === 'object' &&
    entry !== null &&
    !Array.isArray(entry) &&
    Object.values(entry).every(value => typeof value === 'string')
  if (!isTexts) refuse('its metadata is no table of texts')
  return entry as Record<string, string>
}

/**
 * Reads a file's header only: names, types, shapes and places of its tensors.
 * @throws InputError when the header is damaged, or tensors leave the file, overlap or do not match their shapes.
 */
export function readSafetensorsLayout(bytes: Uint8Array): SafetensorsLayout {
  const { header, dataStart } = readHeader(bytes)
  // A plain view: Node's Buffer is a Uint8Array whose `slice` does not copy.
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset + dataStart, bytes.byteLength - dataStart)
  // No prototype, so that a tensor may be called '__proto__'.
  const entries = Object.create(null) as Record<string, SafetensorsEntry>
  let metadata: Record<string, string> = {}
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') metadata = readMetadata(entry)
    else entries[name] = readEntry(name, entry, data.byteLength)
  }
  requireNoGaps(entries, data.byteLength)
  return { entries, metadata, data }
}

/** Copies the tensors out of a file whose layout has been read. */
export function readSafetensorsData({ entries, metadata, data }: SafetensorsLayout): SafetensorsFile {
  const tensors = Object.create(null) as Record<string, SafetensorsTensor>
  for (const [name, { dtype, shape, begin, end }] of Object.entries(entries)) {
    // Copied, because a tensor may start at an address that its type does not allow.
    tensors[name] = { dtype, shape, data: new arrays[dtype](data.slice(begin, end).buffer) }
  }
  return { tensors, metadata }
}

/** Reads a whole safetensors file. @throws InputError as `readSafetensorsLayout` does. */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  return readSafetensorsData(readSafetensorsLayout(bytes))
}

/** Writes tensors in the order given; the header is padded with spaces so that the data starts on 8 bytes. */
export function writeSafetensors(
  tensors: Record<string, SafetensorsTensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const header: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata
  let offset = 0
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const headerBytes = Math.ceil(text.length / 8) * 8
  const file = new Uint8Array(8 + headerBytes + offset).fill(0x20, 8, 8 + headerBytes)
  new DataView(file.buffer).setUint32(0, headerBytes, true)
  file.set(text, 8)
  let at = 8 + headerBytes
  for (const { data } of Object.values(tensors)) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return file
}
