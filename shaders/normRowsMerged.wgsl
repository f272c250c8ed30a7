// Rows gathered for patch merging: the eight children of a 2^3 block side by side, zeros beyond the grid's end.
// x [samples, d, h, w, lanesPerChild], coarse grid of half the sides, rounded up; row = position on it.

struct Sizes {
  rows: u32,             // of this dispatch: samples * coarse.x * coarse.y * coarse.z
  lanes: u32,            // of a row, 8 lanesPerChild
  rowsPerSample: u32,
  rowsPerSlice: u32,
  firstSlice: u32,       // of this dispatch
  firstRow: u32,
  order: u32,            // three bits a slot: the child 4 od + 2 oh + ow that stands there
  grid: vec3<u32>,       // d, h, w
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Lane>;

const OUTSIDE = 0xffffffffu;

fn childInSlot(slot: u32) -> u32 { return (sizes.order >> (3u * slot)) & 7u; }

// Number of the voxel of a row's child, or OUTSIDE.
fn voxelOf(row: u32, child: u32) -> u32 {
  let coarse = (sizes.grid + 1u) / 2u;
  let column = row / coarse.z;
  let line = column / coarse.y;
  let block = vec3<u32>(line % coarse.x, column % coarse.y, row % coarse.z);
  let at = 2u * block + vec3<u32>(child >> 2u, (child >> 1u) & 1u, child & 1u);
  if (any(at >= sizes.grid)) { return OUTSIDE; }
  return ((line / coarse.x * sizes.grid.x + at.x) * sizes.grid.y + at.y) * sizes.grid.z + at.z;
}

fn loadX(row: u32, lane: u32) -> Lane {
  let lanesPerChild = sizes.lanes / 8u;
  let voxel = voxelOf(row, childInSlot(lane / lanesPerChild));
  if (voxel == OUTSIDE) { return Lane(); }
  return x[voxel * lanesPerChild + lane % lanesPerChild];
}
