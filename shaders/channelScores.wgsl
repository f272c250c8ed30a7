// From scores x [rows, K] to one number a row. One thread = one row. After flatText.
//   argMax         the channel of the largest score, the lower one of equals
//   probability    softmax(x)[channel]

struct Sizes {
  rows: u32,       // of this dispatch
  channels: u32,   // K
  channel: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // [rows, K]
@group(0) @binding(2) var<storage, read_write> output: array<f32>;   // [rows]

@compute @workgroup_size(WORKGROUP)
fn argMax(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = elementIndex(group, dispatched, thread);
  if (row >= sizes.rows) { return; }
  let start = row * sizes.channels;
  var best = 0u;
  var largest = x[start];
  for (var k = 1u; k < sizes.channels; k++) {
    let score = x[start + k];
    if (score > largest) {
      largest = score;
      best = k;
    }
  }
  output[row] = f32(best);
}

@compute @workgroup_size(WORKGROUP)
fn probability(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = elementIndex(group, dispatched, thread);
  if (row >= sizes.rows) { return; }
  let start = row * sizes.channels;
  var largest = x[start];
  for (var k = 1u; k < sizes.channels; k++) { largest = max(largest, x[start + k]); }
  var sum = 0.0;
  for (var k = 0u; k < sizes.channels; k++) { sum += exp(x[start + k] - largest); }
  output[row] = exp(x[start + sizes.channel] - largest) / sum;
}
