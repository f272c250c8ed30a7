// Mean and centred squares of a thread's own rows, for statistics of the whole grid. After the generated sums of lanes.

@group(0) @binding(6) var<storage, read_write> moments: array<vec4<f32>>; // [batch, tiles, lanes, 2]: mean, squares

fn keepMoments(tile: Tile, share: Share, firstRow: u32, column: u32) {
  let count = f32(min(ROWS, product.rows - firstRow));
  let means = scaleLanes(sumLanes(tile, firstRow), 1.0 / count);
  let squares = sumSquares(tile, firstRow, means);
  writeMoments(share, column, means, squares);
}
