// Sums of a matrix's columns over slices of its rows; sumSlices.wgsl adds the slices up.   x [rows, C] -> [slices, C]
// One thread = one lane of one slice.   Needs WORKGROUP, alias Lane.

struct Sizes { rows: u32, lanes: u32, rowsPerSlice: u32, slices: u32, firstSlice: u32 }

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Lane>;            // [rows, lanes]
@group(0) @binding(2) var<storage, read_write> output: array<Lane>; // [slices, lanes]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = (group.y * dispatched.x + group.x) * WORKGROUP + thread;
  if (number >= sizes.lanes * sizes.slices) { return; }
  let lane = number % sizes.lanes;
  let slice = number / sizes.lanes;
  var sum = Lane();
  let end = min((slice + 1u) * sizes.rowsPerSlice, sizes.rows);
  for (var row = slice * sizes.rowsPerSlice; row < end; row++) { sum += x[row * sizes.lanes + lane]; }
  output[(sizes.firstSlice + slice) * sizes.lanes + lane] = sum;
}
