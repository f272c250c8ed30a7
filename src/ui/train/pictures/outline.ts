// The edge of a mask in a slice, as line segments between pixels: exact at any magnification.

/** Segments [x0, y0, x1, y1, …] in pixels of the slice, between set pixels and what is not set. */
export function outlineOf(mask: Uint8Array, width: number, height: number): number[] {
  const isSet = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] !== 0
  const segments: number[] = []
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!isSet(x, y)) continue
      if (!isSet(x, y - 1)) segments.push(x, y, x + 1, y)
      if (!isSet(x, y + 1)) segments.push(x, y + 1, x + 1, y + 1)
      if (!isSet(x - 1, y)) segments.push(x, y, x, y + 1)
      if (!isSet(x + 1, y)) segments.push(x + 1, y, x + 1, y + 1)
    }
  return segments
}
