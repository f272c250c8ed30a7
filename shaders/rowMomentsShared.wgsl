// Mean and centred squares of a workgroup's rows, for statistics of the whole grid: the threads of a column lane add up
// their sums in workgroup memory, in the same order always. After the generated sums of lanes.

@group(0) @binding(6) var<storage, read_write> moments: array<vec4<f32>>; // [batch, tiles, lanes, 2]: mean, squares

var<workgroup> laneTile: array<Lanes, THREADS_X * THREADS_Y>; // [y, x]

fn sumOverThreads(lanes: Lanes, x: u32, y: u32) -> Lanes {
  workgroupBarrier();
  laneTile[y * THREADS_X + x] = lanes;
  workgroupBarrier();
  var sum = Lanes();
  for (var other = 0u; other < THREADS_Y; other++) { sum = addLanes(sum, laneTile[other * THREADS_X + x]); }
  return sum;
}

fn keepMoments(tile: Tile, share: Share, firstRow: u32, column: u32) {
  let x = column - share.columnTile * COLUMN_LANES * THREADS_X;
  let y = firstRow % THREADS_Y; // tiles begin at multiples of THREADS_Y
  let count = f32(min(ROWS * THREADS_Y, product.rows - share.tile * ROWS * THREADS_Y));
  let means = scaleLanes(sumOverThreads(sumLanes(tile, firstRow), x, y), 1.0 / count);
  let squares = sumOverThreads(sumSquares(tile, firstRow, means), x, y);
  if (y == 0u) { writeMoments(share, column, means, squares); }
}
