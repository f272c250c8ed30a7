// Rows are coarse voxels of the grid [D, H, W], segments their eight children in left [batch, 2D, 2H, 2W, depth].
// After lib/rowProduct.wgsl.

fn openPlace(batch: u32, row: u32) -> Place {
  let position = unflatten(min(row, product.rows - 1u), product.grid);
  let fine = 2u * product.grid;
  return Place(vec3<i32>(), (batch * 8u * product.rows + flatten(2u * position, fine)) * product.leftRow);
}

fn openSegment(segment: u32) -> Segment {
  let child = unflatten(segment, vec3<u32>(2u));
  return Segment(vec3<i32>(), flatten(child, 2u * product.grid) * product.leftRow);
}

fn startOf(place: Place, segment: Segment) -> u32 { return place.start + segment.by; }
