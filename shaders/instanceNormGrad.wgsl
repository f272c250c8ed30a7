// InstanceNorm with residual sum and LeakyReLU, backward. With g = dy act'(y), whose sign tells on which side of zero the sum
// was, z as in the forward pass and V voxels:
//   dx = inverse (g - mean(g) - z mean(g z))      dResidual = g
//   sumSlices      sums of g and g z over a slice; slices are joined by sumRows    one thread = one lane of one slice
//   differentiate  dx and dResidual                                                one thread = one lane of one voxel
// A single voxel gives exactly 0: g is its own mean, and z is 0. After flatText and alias Lane.

struct Sizes {
  samples: u32,        // of this dispatch
  rows: u32,           // of this dispatch, of each sample
  lanes: u32,          // of a row
  rowsPerSlice: u32,
  firstSample: u32,
  firstSlice: u32,     // of the sample
  slices: u32,         // of a whole sample
  allRows: u32,        // of a whole sample
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Lane>;                      // [samples, rows, lanes]
@group(0) @binding(2) var<storage, read> statistics: array<Lane>;             // [all samples, 3, lanes]: shift, offset, inverse
@group(0) @binding(3) var<storage, read> y: array<Lane>;                      // as x
@group(0) @binding(4) var<storage, read> dOutput: array<Lane>;                // as x
@group(0) @binding(5) var<storage, read_write> sliceSums: array<Lane>;        // [all samples, slices, 2, lanes]: g, g z
@group(0) @binding(6) var<storage, read> sums: array<Lane>;                   // [all samples, 2, lanes]
@group(0) @binding(7) var<storage, read_write> dInput: array<Lane>;           // as x
@group(0) @binding(8) var<storage, read_write> dResidual: array<Lane>;        // as x

struct Pair { g: Lane, z: Lane }

fn pairAt(index: u32, sample: u32, lane: u32) -> Pair {
  let at = sample * 3u * sizes.lanes + lane;
  let z = ((x[index] - statistics[at]) - statistics[at + sizes.lanes]) * statistics[at + 2u * sizes.lanes];
  return Pair(gradientBefore(index), z);
}

@compute @workgroup_size(WORKGROUP)
fn sumSlices(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  let lane = index % sizes.lanes;
  let slices = (sizes.rows + sizes.rowsPerSlice - 1u) / sizes.rowsPerSlice;
  let slice = index / sizes.lanes % slices;
  let sample = index / sizes.lanes / slices;
  if (sample >= sizes.samples) { return; }
  let first = sample * sizes.rows + slice * sizes.rowsPerSlice;
  let end = min(first + sizes.rowsPerSlice, (sample + 1u) * sizes.rows);
  var sum = Lane();
  var product = Lane();
  for (var row = first; row < end; row++) {
    let pair = pairAt(row * sizes.lanes + lane, sizes.firstSample + sample, lane);
    sum += pair.g;
    product += pair.g * pair.z;
  }
  let place = ((sizes.firstSample + sample) * sizes.slices + sizes.firstSlice + slice) * 2u * sizes.lanes + lane;
  sliceSums[place] = sum;
  sliceSums[place + sizes.lanes] = product;
}

@compute @workgroup_size(WORKGROUP)
fn differentiate(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.samples * sizes.rows * sizes.lanes) { return; }
  let lane = index % sizes.lanes;
  let sample = sizes.firstSample + index / sizes.lanes / sizes.rows;
  let pair = pairAt(index, sample, lane);
  let at = sample * 2u * sizes.lanes + lane;
  let inverse = statistics[(sample * 3u + 2u) * sizes.lanes + lane];
  let means = Pair(sums[at] / f32(sizes.allRows), sums[at + sizes.lanes] / f32(sizes.allRows));
  dInput[index] = (pair.g - means.g - pair.z * means.z) * inverse;
  writeResidual(index, pair.g);
}
