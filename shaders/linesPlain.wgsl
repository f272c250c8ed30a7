// Places are rows of matrices, left [segments, places, m] and right [segments, places, n], in lines of LINE.
// After columnProduct.wgsl's header. LEFT_SEGMENTS, RIGHT_SEGMENTS: 1, or 0 for an operand that all segments share.

fn openLine(number: u32, segment: u32) -> Line {
  let first = number * LINE;
  let count = min(LINE, product.places - first);
  let start = segment * product.places;
  return Line(start * LEFT_SEGMENTS + first, 1u, start * RIGHT_SEGMENTS + first, count);
}
