// Nearest-neighbour expansion of a token mask:  output[b, D, H, W] = mask[b, D / f, H / f, W / f].
// One thread = one lane along W; a lane of four lies within one token. After flatText.
// Needs before it: alias Lane, WIDTH (1 or 4), alias MaskNumber.

struct Sizes {
  lanes: u32,      // of the output
  factor: u32,     // f
  height: u32,     // f h
  lanesPerRow: u32,// f w / WIDTH
  tokenRows: u32,  // h
  tokenColumns: u32, // w
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> mask: array<MaskNumber>;    // [B, d, h, w]
@group(0) @binding(2) var<storage, read_write> output: array<Lane>;  // [B, f d, f h, lanesPerRow]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = elementIndex(group, dispatched, thread);
  if (lane >= sizes.lanes) { return; }
  let column = lane % sizes.lanesPerRow * WIDTH / sizes.factor;
  let line = lane / sizes.lanesPerRow;
  let row = line % sizes.height / sizes.factor;
  // Slices of all samples in one: a sample has f d slices, a whole number of tokens.
  let slice = line / sizes.height / sizes.factor;
  output[lane] = Lane(f32(mask[(slice * sizes.tokenRows + row) * sizes.tokenColumns + column]));
}
