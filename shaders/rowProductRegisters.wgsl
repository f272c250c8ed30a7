// Products of rows without workgroup memory: a thread keeps ROWS rows x COLUMN_LANES lanes in registers and reads what it
// multiplies from the buffers; neighbours read the same rows, which a cache serves. After lib/rowProduct.wgsl.

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = (group.y * dispatched.x + group.x) * WORKGROUP + thread;
  if (number >= product.shares) { return; }
  let share = openShare(number);
  let firstRow = share.tile * ROWS;
  let column = share.columnTile * COLUMN_LANES;
  let places = openPlaces(share.batch, firstRow);
  let base = share.batch * product.rightBatch;
  var tile = Tile();
  for (var segment = 0u; segment < SEGMENTS; segment++) {
    let starts = openStarts(places, openSegment(segment));
    if (isAllOutside(starts)) { continue; }
    for (var step = 0u; step < product.steps; step++) {
      tile = addStep(tile, starts, base, segment, step, column);
    }
  }
  let done = finishTile(tile, share.batch, firstRow, column);
  keepMoments(done, share, firstRow, column);
}
