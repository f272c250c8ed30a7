// Products of columns:  output[s, m, n] = sum over places p of left[p as segment s sees it, m] right[p, n]
// The gradient of a weight: m and n are few, the places many. They come in lines, whose own start and length say which of
// them a segment sees, so that nothing is decided inside a line; slices of lines are summed by sumSlices.
// A thread keeps LEFT_LANES x RIGHT_LANES lanes. Needs before it: aliases Left, Right (a lane: vec4<f32> or f32), struct Tile
// with addOuter() and writeTile(), constants, and openLine() of the places.

struct Product {
  rows: u32,          // m, in lanes of Left
  columns: u32,       // n, in lanes of Right
  rowTiles: u32,
  columnTiles: u32,
  lines: u32,
  linesPerSlice: u32,
  slices: u32,
  segments: u32,      // the output's first axis
  grid: vec3<u32>,    // D, H, W of the places, where they are voxels
  places: u32,        // in a segment, where they are none
  firstSlice: u32,    // of this dispatch in output
  threads: u32,
}

@group(0) @binding(0) var<uniform> product: Product;
@group(0) @binding(1) var<storage, read> left: array<Left>;
@group(0) @binding(2) var<storage, read> right: array<Right>;
@group(0) @binding(3) var<storage, read_write> output: array<Right>; // [slices, segments, m, n]

// Places i < count: left at leftStart + i leftStep, right at rightStart + i, in rows of their buffers.
struct Line { leftStart: u32, leftStep: u32, rightStart: u32, count: u32 }

fn unflatten(index: u32, shape: vec3<u32>) -> vec3<u32> {
  return vec3<u32>(index / (shape.y * shape.z), (index / shape.z) % shape.y, index % shape.z);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = (group.y * dispatched.x + group.x) * WORKGROUP + thread;
  if (number >= product.threads) { return; }
  let column = (number % product.columnTiles) * RIGHT_LANES;
  let above = number / product.columnTiles;
  let row = (above % product.rowTiles) * LEFT_LANES;
  let segment = (above / product.rowTiles) % product.segments;
  let slice = above / product.rowTiles / product.segments;
  var tile = Tile();
  let end = min((slice + 1u) * product.linesPerSlice, product.lines);
  for (var number = slice * product.linesPerSlice; number < end; number++) {
    let line = openLine(number, segment);
    for (var i = 0u; i < line.count; i++) {
      tile = addOuter(tile,
        (line.leftStart + i * line.leftStep) * product.rows + row,
        (line.rightStart + i) * product.columns + column);
    }
  }
  let outputRow = ((product.firstSlice + slice) * product.segments + segment) * product.rows + row;
  writeTile(tile, outputRow, column);
}
