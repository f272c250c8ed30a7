// Joins means and centred squares of parts of a grid into those of larger parts (Chan, Golub, LeVeque 1979), in order.
// One thread = four channels of one larger part of one sample. The last pass writes sums and centred squares.
// Needs WORKGROUP, alias Out and writeMoments() of combineMomentsMore.wgsl or combineMomentsLast.wgsl.

struct Sizes {
  batch: u32,
  rows: u32,       // of a sample, in all
  parts: u32,      // of a sample, `span` rows each, the last one perhaps fewer
  span: u32,
  joined: u32,     // parts that one thread joins
  wholes: u32,     // larger parts of a sample
  channels: u32,
  firstSample: u32, // of these in the statistics
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> parts: array<vec4<f32>>;  // [batch, parts, lanes, 2]
@group(0) @binding(2) var<storage, read_write> output: array<Out>; // [batch, wholes, lanes, 2], at last [batch, 2, channels]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = (group.y * dispatched.x + group.x) * WORKGROUP + thread;
  let lanes = (sizes.channels + 3u) / 4u;
  if (number >= sizes.batch * sizes.wholes * lanes) { return; }
  let lane = number % lanes;
  let whole = (number / lanes) % sizes.wholes;
  let batch = number / lanes / sizes.wholes;
  var count = 0.0;
  var mean = vec4<f32>();
  var squares = vec4<f32>();
  let end = min((whole + 1u) * sizes.joined, sizes.parts);
  for (var part = whole * sizes.joined; part < end; part++) {
    let at = 2u * ((batch * sizes.parts + part) * lanes + lane);
    let more = f32(min(sizes.span, sizes.rows - part * sizes.span));
    let difference = parts[at] - mean;
    count += more;
    mean += difference * (more / count);
    squares += parts[at + 1u] + difference * difference * (more * (count - more) / count);
  }
  writeMoments(batch, number, lane, mean, squares, count);
}
