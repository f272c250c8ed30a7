// Places values in as few and as small buffers as their lifetimes allow: two values share bytes only when one is dead
// before the other is born. WebGPU forbids reading and writing one buffer in the same dispatch, whatever the ranges, so
// that a value never stands in the buffer of a value that is read where it is written.
import { DeviceMemoryError } from '../../base/errors.ts'

/** Something that needs `bytes` from task `first` to task `last`, both included. */
export interface Item {
  readonly bytes: number
  readonly first: number
  readonly last: number
  /** Numbers of the items that must not stand in the same buffer. */
  readonly apart: ReadonlySet<number>
}

export interface Place {
  /** Number of the buffer. */
  readonly buffer: number
  readonly offset: number
}

export interface Arena {
  readonly places: readonly Place[]
  /** Bytes of each buffer. */
  readonly bufferBytes: readonly number[]
}

export interface ArenaLimits {
  /** Every offset and size is a multiple of this. */
  readonly alignment: number
  readonly mostBufferBytes: number
}

interface Placed extends Item {
  readonly offset: number
  readonly end: number
}

const roundUp = (bytes: number, unit: number) => unit * Math.max(1, Math.ceil(bytes / unit))

/** The lowest offset at which `bytes` are free for the whole lifetime. */
function lowestGap(placed: readonly Placed[], { first, last }: Item, bytes: number): number {
  let offset = 0
  // In order of offset: as soon as the next neighbour in time begins beyond our end, we fit before it.
  for (const other of placed) {
    if (other.last < first || other.first > last) continue
    if (other.offset >= offset + bytes) break
    offset = Math.max(offset, other.end)
  }
  return offset
}

/**
 * The largest first, each where it makes its buffer grow least.
 * @throws Error when an item is larger than a buffer may be.
 */
export function placeItems(items: readonly Item[], { alignment, mostBufferBytes }: ArenaLimits): Arena {
  const places: Place[] = []
  const buffers: { placed: Placed[]; members: Set<number>; bytes: number }[] = []
  const order = [...items.keys()].sort((a, b) => items[b].bytes - items[a].bytes || a - b)
  for (const at of order) {
    const item = items[at]
    const bytes = roundUp(item.bytes, alignment)
    if (bytes > mostBufferBytes)
      throw new DeviceMemoryError(
        `A value of ${bytes} bytes is larger than a buffer of this device may be (${mostBufferBytes} bytes); compute smaller tiles or fewer samples at once.`,
      )
    let best: { buffer: number; offset: number; growth: number } | undefined
    buffers.forEach((buffer, number) => {
      for (const other of item.apart) if (buffer.members.has(other)) return
      const offset = lowestGap(buffer.placed, item, bytes)
      if (offset + bytes > mostBufferBytes) return
      const growth = Math.max(0, offset + bytes - buffer.bytes)
      if (!best || growth < best.growth) best = { buffer: number, offset, growth }
    })
    best ??= {
      buffer: buffers.push({ placed: [], members: new Set(), bytes: 0 }) - 1,
      offset: 0,
      growth: bytes,
    }
    const buffer = buffers[best.buffer]
    const placed = { ...item, offset: best.offset, end: best.offset + bytes }
    const next = buffer.placed.findIndex(other => other.offset > placed.offset)
    buffer.placed.splice(next < 0 ? buffer.placed.length : next, 0, placed)
    buffer.members.add(at)
    buffer.bytes = Math.max(buffer.bytes, placed.end)
    places[at] = { buffer: best.buffer, offset: best.offset }
  }
  return { places, bufferBytes: buffers.map(buffer => buffer.bytes) }
}
