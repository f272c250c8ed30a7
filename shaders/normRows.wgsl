// LayerNorm of rows:  y = ((x - shift) - offset) inverse weight + bias, where shift is the row's first value, offset the mean of
// x - shift and inverse = 1 / sqrt(variance + EPSILON), variance in a second pass. Taken from the first value, rows that vary
// little around a large mean keep their digits.
// GROUP threads = one row; a thread takes every GROUP-th lane. After flatText, alias Lane with sumOf() and firstOf(), one of
// normRowsPlain.wgsl and normRowsMerged.wgsl, one of normSumRegisters.wgsl and normSumShared.wgsl, and affine().

@group(0) @binding(2) var<storage, read_write> output: array<Lane>;  // [rows, lanes]

struct Member {
  row: u32,      // clamped: threads beyond the last row keep running, since every thread has to reach the barriers
  first: u32,    // lane
  isWork: bool,
}

fn memberOf(index: u32) -> Member {
  let row = index / GROUP;
  return Member(min(row, sizes.rows - 1u), index % GROUP, row < sizes.rows);
}

struct Statistics { shift: f32, offset: f32, inverse: f32 }

fn centred(row: u32, lane: u32, s: Statistics) -> Lane { return (loadX(row, lane) - s.shift) - s.offset; }

fn statisticsOf(member: Member, thread: u32) -> Statistics {
  let shift = firstOf(loadX(member.row, 0u));
  var sum = Lane();
  for (var lane = member.first; lane < sizes.lanes; lane += GROUP) { sum += loadX(member.row, lane) - shift; }
  let offset = sumOverRow(sumOf(sum), thread) / f32(CHANNELS);
  var squares = Lane();
  for (var lane = member.first; lane < sizes.lanes; lane += GROUP) {
    let difference = (loadX(member.row, lane) - shift) - offset;
    squares += difference * difference;
  }
  let variance = sumOverRow(sumOf(squares), thread) / f32(CHANNELS);
  return Statistics(shift, offset, inverseSqrt(variance + EPSILON));
}

@compute @workgroup_size(WORKGROUP)
fn normalise(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let member = memberOf(elementIndex(group, dispatched, thread));
  let s = statisticsOf(member, thread);
  if (!member.isWork) { return; }
  for (var lane = member.first; lane < sizes.lanes; lane += GROUP) {
    output[member.row * sizes.lanes + lane] = affine(centred(member.row, lane, s) * s.inverse, lane);
  }
}
