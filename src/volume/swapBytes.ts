// Byte order: files may be big endian, every machine this runs on is little endian.

/** Reverses each run of `width` bytes in place. */
export function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at + width <= bytes.length; at += width)
    for (let low = at, high = at + width - 1; low < high; low++, high--) {
      const value = bytes[low]
      bytes[low] = bytes[high]
      bytes[high] = value
    }
}
