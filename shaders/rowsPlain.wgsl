// Rows of matrices: left [batch, rows, depth]. After lib/rowProduct.wgsl.

fn openPlace(batch: u32, row: u32) -> Place {
  return Place(vec3<i32>(), batch * product.leftBatch + min(row, product.rows - 1u) * product.leftRow);
}

fn openSegment(segment: u32) -> Segment { return Segment(vec3<i32>(), 0u); }

fn startOf(place: Place, segment: Segment) -> u32 { return place.start; }
