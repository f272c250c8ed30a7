// Places are coarse voxels of right [batch, D, H, W, n]; segments are their eight children in left [batch, 2D, 2H, 2W, m].

fn openLine(number: u32, segment: u32) -> Line {
  let child = unflatten(segment, vec3<u32>(2u));
  let fine = 2u * product.grid;
  let sampleAndPlane = 2u * (number / product.grid.y) + child.x; // a sample has twice D planes
  let start = (sampleAndPlane * fine.y + 2u * (number % product.grid.y) + child.y) * fine.z + child.z;
  return Line(start, 2u, number * product.grid.z, product.grid.z);
}
