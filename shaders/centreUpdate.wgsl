// Centre of the teacher's logits:  output = momentum c + (1 - momentum) sum / rows.   One thread = one prototype.
// After flatText.

struct Sizes {
  prototypes: u32,   // K
  momentum: f32,
  share: f32,        // (1 - momentum) / rows
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> centre: array<f32>;         // [K]
@group(0) @binding(2) var<storage, read> sums: array<f32>;           // [K], over all rows
@group(0) @binding(3) var<storage, read_write> output: array<f32>;   // [K]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let k = elementIndex(group, dispatched, thread);
  if (k >= sizes.prototypes) { return; }
  output[k] = sizes.momentum * centre[k] + sizes.share * sums[k];
}
