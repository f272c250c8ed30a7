// output[i] = sum over slices of slices[slice, i], in order.   One thread = one lane.   Needs WORKGROUP, alias Lane.

struct Sizes { lanes: u32, slices: u32 }

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> slices: array<Lane>;       // [slices, lanes]
@group(0) @binding(2) var<storage, read_write> output: array<Lane>; // [lanes]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = (group.y * dispatched.x + group.x) * WORKGROUP + thread;
  if (lane >= sizes.lanes) { return; }
  var sum = Lane();
  for (var slice = 0u; slice < sizes.slices; slice++) { sum += slices[slice * sizes.lanes + lane]; }
  output[lane] = sum;
}
