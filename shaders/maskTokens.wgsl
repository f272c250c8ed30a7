// Token masking:  y = x (1 - m) + t m.   x, y [B*N, C] · token [C] · mask [B*N], 1 = replaced.
// One thread = one lane (4, 2 or 1 channels). Needs before it: WORKGROUP, alias Lane, alias MaskNumber.

struct Sizes {
  lanes: u32,          // of the whole output
  lanesPerToken: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Lane>;             // [B*N, lanesPerToken]
@group(0) @binding(2) var<storage, read> token: array<Lane>;         // [lanesPerToken]
@group(0) @binding(3) var<storage, read> mask: array<MaskNumber>;    // [B*N]
@group(0) @binding(4) var<storage, read_write> output: array<Lane>;  // [B*N, lanesPerToken]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = (group.y * dispatched.x + group.x) * WORKGROUP + thread;
  if (lane >= sizes.lanes) { return; }
  let m = f32(mask[lane / sizes.lanesPerToken]);
  output[lane] = x[lane] * (1.0 - m) + token[lane % sizes.lanesPerToken] * m;
}
