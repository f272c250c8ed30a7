// LayerNorm of rows, backward. With z = (x - mean) inverse and g = dy weight:
//   dx = inverse (g - mean(g) - z mean(g z))    dWeight = sum over rows of dy z    dBias = sum over rows of dy
//   differentiateRows        dx, and mean and inverse of each row        GROUP threads = one row
//   differentiateParameters  sums over a slice of rows; slices are joined by sumRows    one thread = one lane of one slice
// After normRows.wgsl and one of normRowsGradPlain.wgsl and normRowsGradMerged.wgsl.

@group(0) @binding(5) var<storage, read> dOutput: array<Lane>;                 // [rows, lanes]
@group(0) @binding(6) var<storage, read_write> dInput: array<Lane>;            // as x
@group(0) @binding(7) var<storage, read_write> statistics: array<vec2<f32>>;   // [all rows]: mean, inverse
@group(0) @binding(8) var<storage, read_write> weightSums: array<Lane>;        // [all slices, lanes]
@group(0) @binding(9) var<storage, read_write> biasSums: array<Lane>;          // [all slices, lanes]

struct RowGradient { s: Statistics, mean: f32, meanProduct: f32 }

fn scaledGradient(row: u32, lane: u32) -> Lane { return scaled(dOutput[row * sizes.lanes + lane], lane); }

fn gradientAt(row: u32, lane: u32, r: RowGradient) -> Lane {
  let z = centred(row, lane, r.s) * r.s.inverse;
  return (scaledGradient(row, lane) - r.mean - z * r.meanProduct) * r.s.inverse;
}

@compute @workgroup_size(WORKGROUP)
fn differentiateRows(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let member = memberOf(elementIndex(group, dispatched, thread));
  let s = statisticsOf(member, thread);
  var sum = Lane();
  var product = Lane();
  for (var lane = member.first; lane < sizes.lanes; lane += GROUP) {
    let g = scaledGradient(member.row, lane);
    sum += g;
    product += g * centred(member.row, lane, s);
  }
  let mean = sumOverRow(sumOf(sum), thread) / f32(CHANNELS);
  let meanProduct = sumOverRow(sumOf(product), thread) / f32(CHANNELS) * s.inverse;
  if (!member.isWork) { return; }
  writeGradients(member, RowGradient(s, mean, meanProduct));
  if (member.first == 0u) { statistics[sizes.firstRow + member.row] = vec2<f32>(s.shift + s.offset, s.inverse); }
}

@compute @workgroup_size(WORKGROUP)
fn differentiateParameters(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  let lane = index % sizes.lanes;
  let slice = index / sizes.lanes;
  let slicesPerSample = (sizes.rowsPerSample + sizes.rowsPerSlice - 1u) / sizes.rowsPerSlice;
  let start = slice / slicesPerSample * sizes.rowsPerSample;
  if (start >= sizes.rows) { return; }
  let first = start + slice % slicesPerSample * sizes.rowsPerSlice;
  let end = min(first + sizes.rowsPerSlice, start + sizes.rowsPerSample);
  var weights = Lane();
  var biases = Lane();
  for (var row = first; row < end; row++) {
    let known = statistics[sizes.firstRow + row];
    let dy = dOutput[row * sizes.lanes + lane];
    weights += dy * ((loadX(row, lane) - known.x) * known.y);
    biases += dy;
  }
  let place = (sizes.firstSlice + slice) * sizes.lanes + lane;
  weightSums[place] = weights;
  biasSums[place] = biases;
}
