// Products of rows through workgroup memory: THREADS_X x THREADS_Y threads share TILE_ROWS rows x TILE_LANES lanes, of which
// each keeps ROWS x COLUMN_LANES in registers; CHUNK steps of both operands are read once a workgroup.
// Row r of a thread is r * THREADS_Y + y, lane c is c * THREADS_X + x: neighbours touch neighbouring memory.
// Left is vec4<f32>. After lib/rowProduct.wgsl.

const WORKGROUP = THREADS_X * THREADS_Y;
const TILE_ROWS = ROWS * THREADS_Y;
const TILE_LANES = COLUMN_LANES * THREADS_X;

var<workgroup> startTile: array<u32, TILE_ROWS>;
var<workgroup> leftTile: array<vec4<f32>, TILE_ROWS * CHUNK>;       // [row, step]
var<workgroup> rightTile: array<vec4<f32>, CHUNK * 4u * TILE_LANES>; // [step, one of four, lane]

fn loadStarts(batch: u32, firstRow: u32, segment: u32, thread: u32) {
  let opened = openSegment(segment);
  for (var row = thread; row < TILE_ROWS; row += WORKGROUP) {
    startTile[row] = select(NONE, startOf(openPlace(batch, firstRow + row), opened), firstRow + row < product.rows);
  }
}

fn loadLeft(firstStep: u32, thread: u32) {
  for (var at = thread; at < TILE_ROWS * CHUNK; at += WORKGROUP) {
    let step = firstStep + at % CHUNK;
    leftTile[at] = readLeft(select(NONE, startTile[at / CHUNK], step < product.steps), step);
  }
}

// Neighbouring threads read neighbouring memory: lanes, or steps where right is transposed.
fn loadRight(base: u32, segment: u32, firstStep: u32, firstLane: u32, thread: u32) {
  for (var number = thread; number < CHUNK * 4u * TILE_LANES; number += WORKGROUP) {
    var step = number / (4u * TILE_LANES);
    var part = (number / TILE_LANES) % 4u;
    var lane = number % TILE_LANES;
    if (IS_RIGHT_TRANSPOSED) {
      step = number % CHUNK;
      part = (number / CHUNK) % 4u;
      lane = number / (4u * CHUNK);
    }
    let isInside = firstStep + step < product.steps && 4u * (firstLane + lane) < product.columns;
    var value = vec4<f32>();
    if (isInside) { value = readRight(base, segment, firstStep + step, part, firstLane + lane); }
    rightTile[(step * 4u + part) * TILE_LANES + lane] = value;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = group.y * dispatched.x + group.x;
  if (number >= product.shares) { return; }
  let share = openShare(number);
  let firstRow = share.tile * TILE_ROWS;
  let firstLane = share.columnTile * TILE_LANES;
  let x = thread % THREADS_X;
  let y = thread / THREADS_X;
  var tile = Tile();
  for (var segment = 0u; segment < SEGMENTS; segment++) {
    loadStarts(share.batch, firstRow, segment, thread);
    for (var step = 0u; step < product.steps; step += CHUNK) {
      workgroupBarrier();
      loadLeft(step, thread);
      loadRight(share.batch * product.rightBatch, segment, step, firstLane, thread);
      workgroupBarrier();
      for (var at = 0u; at < CHUNK; at++) { tile = addShared(tile, at, x, y); }
    }
  }
  let done = finishTile(tile, share.batch, firstRow + y, firstLane + x);
  keepMoments(done, share, firstRow + y, firstLane + x);
}
