// One axis of a separable filter:  output[o, i, n] = sum over t of weight[i, t] input[o, index[i, t], n].
// One thread = one output element (four along n, or one). After flatText.
// Needs before it: alias Lane, alias Stored (what the input holds) and fn load(Stored) -> Lane.

struct Sizes {
  lanes: u32,        // outer * outputLength * inner of this dispatch
  inputLength: u32,  // length of the input's axis
  outputLength: u32, // length of the output's
  inner: u32,        // lanes
  taps: u32,
  firstTap: u32,     // where this axis begins in the table
}

struct Tap {
  index: f32,      // a whole number
  weight: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> input: array<Stored>;       // [outer, from, inner]
@group(0) @binding(2) var<storage, read> table: array<Tap>;          // [to, taps], from firstTap on
@group(0) @binding(3) var<storage, read_write> output: array<Lane>;  // [outer, to, inner]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = elementIndex(group, dispatched, thread);
  if (lane >= sizes.lanes) { return; }
  let column = lane % sizes.inner;
  let line = lane / sizes.inner;
  let start = line / sizes.outputLength * sizes.inputLength;
  let firstTap = sizes.firstTap + line % sizes.outputLength * sizes.taps;
  var sum = Lane();
  for (var t = 0u; t < sizes.taps; t++) {
    let tap = table[firstTap + t];
    sum += load(input[(start + u32(tap.index)) * sizes.inner + column]) * tap.weight;
  }
  output[lane] = sum;
}
