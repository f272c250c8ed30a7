// Bytes in order, plain or inflated on the way: a compressed scan is never held unpacked, and a stream that unpacks to
// more than was asked for is simply not read further.
import { Gunzip, Inflate, Unzlib } from 'fflate'

export type Compression = 'none' | 'gzip' | 'zlib' | 'deflate'

export interface ByteReader {
  /** The next `count` bytes, or fewer when the data end; throws when the compressed data are damaged. */
  read(count: number): Uint8Array
}

/** What deflate can reach at most; a promise beyond it is broken before anything is unpacked. */
export const maxDeflateRatio = 1032

/** Compressed bytes unpacked at a time: at most, as they may grow a thousandfold, and at least. */
const mostInputBytes = 1 << 16
const leastInputBytes = 1 << 12

/** `isWhole` false: `bytes` are only the beginning, their end is no damage. */
export function createByteReader(bytes: Uint8Array, compression: Compression, isWhole = true): ByteReader {
  return compression === 'none' ? plainReader(bytes) : inflatingReader(bytes, compression, isWhole)
}

function plainReader(bytes: Uint8Array): ByteReader {
  let position = 0
  return {
    read(count) {
      const piece = bytes.subarray(position, position + count)
      position += piece.length
      return piece
    },
  }
}

function inflatingReader(
  bytes: Uint8Array,
  compression: Exclude<Compression, 'none'>,
  isWhole: boolean,
): ByteReader {
  const ready: Uint8Array[] = []
  let readyBytes = 0
  let position = 0
  const keep = (chunk: Uint8Array) => {
    if (chunk.length === 0) return
    ready.push(chunk)
    readyBytes += chunk.length
  }
  const stream = {
    gzip: () => new Gunzip(keep),
    zlib: () => new Unzlib(keep),
    deflate: () => new Inflate(keep),
  }[compression]()

  function fill(count: number): void {
    while (readyBytes < count && position < bytes.length) {
      // Half of what is missing: what is asked for the head of a slice is not to unpack the slice.
      const share = Math.ceil((count - readyBytes) / 2)
      const end = Math.min(
        bytes.length,
        position + Math.min(mostInputBytes, Math.max(leastInputBytes, share)),
      )
      const chunk = bytes.subarray(position, end)
      position = end
      stream.push(chunk, isWhole && end === bytes.length)
    }
  }

  return {
    read(count) {
      fill(count)
      const output = new Uint8Array(Math.min(count, readyBytes))
      let written = 0
      while (written < output.length) {
        const chunk = ready[0]
        const taken = Math.min(chunk.length, output.length - written)
        output.set(chunk.subarray(0, taken), written)
        written += taken
        if (taken === chunk.length) ready.shift()
        else ready[0] = chunk.subarray(taken)
      }
      readyBytes -= written
      return output
    },
  }
}
