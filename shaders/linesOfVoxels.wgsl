// Places are voxels of right [batch, D, H, W, n]; segments are the taps of a KERNEL^3 filter over left [batch, D, H, W, m].
// A line is a row along W without what the tap sees beyond the border.

fn openLine(number: u32, segment: u32) -> Line {
  let grid = vec3<i32>(product.grid);
  let shift = vec3<i32>(unflatten(segment, vec3<u32>(KERNEL))) - i32(KERNEL / 2u);
  let sample = i32(number) / (grid.x * grid.y);
  let at = vec2<i32>(i32(number) / grid.y % grid.x, i32(number) % grid.y);
  let seen = at + shift.xy;
  let first = max(0, -shift.z);
  let end = min(grid.z, grid.z - shift.z);
  let isSeen = all(seen >= vec2<i32>(0)) && all(seen < grid.xy) && end > first;
  let leftStart = ((sample * grid.x + seen.x) * grid.y + seen.y) * grid.z + first + shift.z;
  return Line(u32(leftStart), 1u, number * product.grid.z + u32(first), select(0u, u32(end - first), isSeen));
}
