// Rows as they lie in memory. x [rows, lanes]

struct Sizes {
  rows: u32,             // of this dispatch
  lanes: u32,            // of a row
  rowsPerSample: u32,    // rows that are cut into slices together
  rowsPerSlice: u32,
  firstSlice: u32,       // of this dispatch
  firstRow: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Lane>;  // [rows, lanes]

fn loadX(row: u32, lane: u32) -> Lane { return x[row * sizes.lanes + lane]; }
