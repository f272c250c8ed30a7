// Patch dropout:  y = x keep.   x, y [B*N, C] · keep [B*N], 0 = dropped. Its gradient is the same program on dy.
// One thread = one lane (4 channels or 1). After flatText; needs before it: alias Lane, alias KeepNumber.

struct Sizes {
  lanes: u32,          // of this dispatch
  lanesPerToken: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Lane>;            // [B*N, lanesPerToken]
@group(0) @binding(2) var<storage, read> keep: array<KeepNumber>;   // [B*N]
@group(0) @binding(3) var<storage, read_write> output: array<Lane>; // [B*N, lanesPerToken]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = elementIndex(group, dispatched, thread);
  if (lane >= sizes.lanes) { return; }
  output[lane] = x[lane] * f32(keep[lane / sizes.lanesPerToken]);
}
