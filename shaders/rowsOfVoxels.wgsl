// Rows are the voxels of left [batch, D, H, W, depth], seen through the taps of a KERNEL^3 filter of stride 1 that keeps the
// size. SIGN 1 reads at p + tap - KERNEL/2 (convolution), -1 at p - tap + KERNEL/2 (its gradient). After lib/rowProduct.wgsl.

fn openPlace(batch: u32, row: u32) -> Place {
  let inside = min(row, product.rows - 1u);
  let position = vec3<i32>(unflatten(inside, product.grid));
  return Place(position, (batch * product.rows + inside) * product.leftRow);
}

fn openSegment(segment: u32) -> Segment {
  let shift = SIGN * (vec3<i32>(unflatten(segment, vec3<u32>(KERNEL))) - i32(KERNEL / 2u));
  let grid = vec3<i32>(product.grid);
  return Segment(shift, u32((shift.x * grid.y + shift.y) * grid.z + shift.z) * product.leftRow); // wraps for steps back
}

fn startOf(place: Place, segment: Segment) -> u32 {
  // A negative coordinate is a huge one.
  if (any(vec3<u32>(place.position + segment.shift) >= product.grid)) { return NONE; }
  return place.start + segment.by;
}
