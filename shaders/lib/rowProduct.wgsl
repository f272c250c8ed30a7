// Products of rows:  output[row, :] = act( sum over segments s and k of left[start(row, s) + k] right[s, k, :]  + bias ) + residual
// A matrix product has one segment; a convolution has one for each tap, whose rows start at a shifted voxel.
// Needs before it: aliases Left, Right, Out (vec4<f32> or f32), constants of the variant. Letters: a "lane" is four columns,
// a "step" is four k's where Left is vec4<f32>, otherwise one.

struct Product {
  rows: u32,         // of a sample
  steps: u32,        // of a segment
  columns: u32,
  tiles: u32,        // tiles of rows of a sample
  columnTiles: u32,
  shares: u32,       // batch * tiles * columnTiles: threads (registers) or workgroups (shared) with work
  leftBatch: u32,    // from sample to sample of left, in elements of Left; 0 = one for all
  rightBatch: u32,
  grid: vec3<u32>,   // D, H, W of what rows count, where they are voxels
  leftRow: u32,      // from row to row of left, in elements of Left
  leftStep: u32,     // from k to k of left, where Left is f32
  depth: u32,        // k's of a segment
  channels: u32,     // of the output's voxels, where columns are (child, channel)
}

const NONE = 0xffffffffu;

@group(0) @binding(0) var<uniform> product: Product;
@group(0) @binding(1) var<storage, read> left: array<Left>;
@group(0) @binding(2) var<storage, read> right: array<Right>;      // [segments, depth, columns], or [segments, columns, depth]
@group(0) @binding(3) var<storage, read_write> output: array<Out>; // [batch, rows, columns]

// A row of left, and what a segment changes of where it starts.
struct Place { position: vec3<i32>, start: u32 }
struct Segment { shift: vec3<i32>, by: u32 }

fn unflatten(index: u32, shape: vec3<u32>) -> vec3<u32> {
  return vec3<u32>(index / (shape.y * shape.z), (index / shape.z) % shape.y, index % shape.z);
}

fn flatten(position: vec3<u32>, shape: vec3<u32>) -> u32 {
  return (position.x * shape.y + position.y) * shape.z + position.z;
}

// First row of a tile and column lane of a share of the work.
struct Share { batch: u32, tile: u32, columnTile: u32 }

fn openShare(number: u32) -> Share {
  let rowTile = number / product.columnTiles;
  return Share(rowTile / product.tiles, rowTile % product.tiles, number % product.columnTiles);
}

// Bias, activation and residual of a lane, written where it belongs; what lies outside is zero and written nowhere.
fn finish(batch: u32, row: u32, column: u32, value: vec4<f32>) -> vec4<f32> {
  if (row >= product.rows || 4u * column >= product.columns) { return vec4<f32>(); }
  let result = complete(addBias(value, column), batch, row, column);
  writeLane(batch, row, column, result);
  return result;
}
