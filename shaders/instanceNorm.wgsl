// InstanceNorm over the rows (voxels) of each sample and channel, with a residual sum and LeakyReLU behind it:
//   z = ((x - shift) - offset) inverse      y = act(z + r)      act(t) = t > 0 ? t : SLOPE t
// shift is the first voxel's value, offset the mean of x - shift, inverse = 1 / sqrt(variance + EPSILON). No voxel is further than
// sqrt(voxels) standard deviations from the mean, so that rounding is bounded however large the mean is. Sums of squares are
// taken around the mean of a slice, then joined (Chan, Golub, LeVeque 1979), never around zero: E[x^2] - E[x]^2 would lose
// what single precision has. Passes in order:
//   takeShifts   the first voxel of each sample                         one thread = one lane of one sample
//   sumSlices    mean of x - shift and squares around it in a slice     one thread = one lane of one slice
//   joinSlices   64 slices into one, while there are more               one thread = one lane of one group of slices
//   finish       the last 64 or fewer into offset and inverse           one thread = one lane of one sample
//   normalise    y                                                      one thread = one lane of one voxel
// A single voxel gives exactly 0: shift is its value, offset 0. After flatText and alias Lane.

struct Sizes {
  samples: u32,        // of this dispatch
  rows: u32,           // of this dispatch, of each sample
  lanes: u32,          // of a row
  rowsPerSlice: u32,
  firstSample: u32,
  firstSlice: u32,     // of the sample
  slices: u32,         // of a whole sample, before joining
  allRows: u32,        // of a whole sample
  groups: u32,         // of a whole sample, after joining
}

struct Moments { mean: Lane, squares: Lane }
struct Statistics { shift: Lane, offset: Lane, inverse: Lane }

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Lane>;                      // [samples, rows, lanes]
@group(0) @binding(2) var<storage, read_write> statistics: array<Lane>;       // [all samples, 3, lanes]: shift, offset, inverse
@group(0) @binding(3) var<storage, read_write> moments: array<Moments>;       // [all samples, slices, lanes]
@group(0) @binding(4) var<storage, read_write> joined: array<Moments>;        // [all samples, groups, lanes]
@group(0) @binding(5) var<storage, read> residual: array<Lane>;               // as x
@group(0) @binding(6) var<storage, read_write> output: array<Lane>;           // as x

fn statisticsOf(sample: u32, lane: u32) -> Statistics {
  let at = sample * 3u * sizes.lanes + lane;
  return Statistics(statistics[at], statistics[at + sizes.lanes], statistics[at + 2u * sizes.lanes]);
}

fn activate(t: Lane) -> Lane { return select(SLOPE * t, t, t > Lane(0.0)); }

@compute @workgroup_size(WORKGROUP)
fn takeShifts(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.samples * sizes.lanes) { return; }
  let sample = index / sizes.lanes;
  let lane = index % sizes.lanes;
  statistics[(sizes.firstSample + sample) * 3u * sizes.lanes + lane] = x[sample * sizes.rows * sizes.lanes + lane];
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
  let shift = statistics[(sizes.firstSample + sample) * 3u * sizes.lanes + lane];
  var sum = Lane();
  for (var row = first; row < end; row++) { sum += x[row * sizes.lanes + lane] - shift; }
  let mean = sum / f32(end - first);
  var squares = Lane();
  for (var row = first; row < end; row++) {
    let difference = (x[row * sizes.lanes + lane] - shift) - mean;
    squares += difference * difference;
  }
  let place = (sizes.firstSample + sample) * sizes.slices + sizes.firstSlice + slice;
  moments[place * sizes.lanes + lane] = Moments(mean, squares);
}

// Slices first ... end - 1 of a sample as one.
fn join(sample: u32, lane: u32, first: u32, end: u32) -> Moments {
  var rows = 0.0;
  var mean = Lane();
  var squares = Lane();
  for (var slice = first; slice < end; slice++) {
    let more = moments[(sample * sizes.slices + slice) * sizes.lanes + lane];
    let count = f32(min(sizes.rowsPerSlice, sizes.allRows - slice * sizes.rowsPerSlice));
    let difference = more.mean - mean;
    let share = count / (rows + count);
    squares += more.squares + difference * difference * (rows * share);
    mean += difference * share;
    rows += count;
  }
  return Moments(mean, squares);
}

@compute @workgroup_size(WORKGROUP)
fn joinSlices(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.samples * sizes.groups * sizes.lanes) { return; }
  let first = index / sizes.lanes % sizes.groups * 64u;
  let sample = index / sizes.lanes / sizes.groups;
  joined[index] = join(sample, index % sizes.lanes, first, min(first + 64u, sizes.slices));
}

@compute @workgroup_size(WORKGROUP)
fn finish(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.samples * sizes.lanes) { return; }
  let lane = index % sizes.lanes;
  let sample = index / sizes.lanes;
  let all = join(sample, lane, 0u, sizes.slices);
  let place = (sample * 3u + 1u) * sizes.lanes + lane;
  statistics[place] = all.mean;
  statistics[place + sizes.lanes] = inverseSqrt(all.squares / f32(sizes.allRows) + EPSILON);
}

@compute @workgroup_size(WORKGROUP)
fn normalise(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.samples * sizes.rows * sizes.lanes) { return; }
  let s = statisticsOf(sizes.firstSample + index / sizes.lanes / sizes.rows, index % sizes.lanes);
  let z = ((x[index] - s.shift) - s.offset) * s.inverse;
  output[index] = activate(z + residualAt(index));
}
