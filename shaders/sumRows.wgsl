// Sums of rows, 64 at a time:  output[o, g, c] = sum of input[o, 64 g ... 64 g + 63, c].
// One thread = one column of one group of rows; neighbours read neighbouring columns. The order of a sum never changes.
// After flatText.

struct Sizes {
  sums: u32,       // threads: outer * groups * width
  rows: u32,       // of the input, an outer index
  groups: u32,     // ceil(rows / 64)
  width: u32,
  firstSum: u32,   // where this dispatch's sums begin in the output
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> input: array<f32>;         // [outer, rows, width]
@group(0) @binding(2) var<storage, read_write> output: array<f32>;  // [outer, groups, width]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.sums) { return; }
  let column = index % sizes.width;
  let part = index / sizes.width;
  let first = 64u * (part % sizes.groups);
  let end = min(first + 64u, sizes.rows);
  let start = part / sizes.groups * sizes.rows;
  var sum = 0.0;
  for (var row = first; row < end; row++) { sum += input[(start + row) * sizes.width + column]; }
  output[sizes.firstSum + index] = sum;
}
