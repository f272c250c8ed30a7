// GELU, exact erf form:  y = x Phi(x).   dx = dy (Phi(x) + x phi(x)).   All flat, in lanes of 4 or 1.
// One thread = one lane. After flatText, alias Lane and lib/normalCdf.wgsl.

struct Sizes { lanes: u32 }

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Lane>;
@group(0) @binding(2) var<storage, read> dOutput: array<Lane>;
@group(0) @binding(3) var<storage, read_write> output: array<Lane>;

@compute @workgroup_size(WORKGROUP)
fn activate(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = elementIndex(group, dispatched, thread);
  if (at >= sizes.lanes) { return; }
  let value = x[at];
  output[at] = value * normalCdf(value);
}

@compute @workgroup_size(WORKGROUP)
fn differentiate(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = elementIndex(group, dispatched, thread);
  if (at >= sizes.lanes) { return; }
  let value = x[at];
  output[at] = dOutput[at] * (normalCdf(value) + value * normalDensity(value));
}
