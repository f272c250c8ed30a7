// Token masking:  y = x (1 - m) + t m.   x, y [B*N, C] · token [C] · mask [B*N] of 0 and 1.
// One thread = one element, over two dispatch axes. Replaced before compiling: WORKGROUP.

struct Sizes {
  elements: u32,
  channels: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> token: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.y * groups.x * WORKGROUPu + id.x;
  if (index >= sizes.elements) { return; }
  let m = mask[index / sizes.channels];
  y[index] = x[index] * (1.0 - m) + token[index % sizes.channels] * m;
}
