// HU window:  y = outLow + (clamp(hu, low, high) - low) scale.   One thread = one voxel. After flatText.
// Needs before it: alias Stored (f32, i32; u32 where two 16-bit numbers share a word) and fn hounsfield(word, voxel).

struct Sizes {
  voxels: u32,     // of this dispatch
  low: f32,
  high: f32,
  outLow: f32,
  scale: f32,      // (outHigh - outLow) / (high - low)
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> hu: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let voxel = elementIndex(group, dispatched, thread);
  if (voxel >= sizes.voxels) { return; }
  let value = hounsfield(hu[voxel / VOXELS_PER_WORD], voxel);
  output[voxel] = sizes.outLow + (clamp(value, sizes.low, sizes.high) - sizes.low) * sizes.scale;
}
