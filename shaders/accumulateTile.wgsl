// Adds a tile to two volumes at an offset:  sum += g p,  weight += g  where the tile lies; a part outside is left out.
// entry inPlace: one thread = one voxel of the tile.   entry copy: one thread = one voxel of the volume's slab.
// Large volumes are bound a slab of slices at a time. After flatText.

struct Sizes {
  threads: u32,
  firstSlice: u32,   // of the slab that is bound
  slices: u32,
  height: u32,       // of the volume
  width: u32,
  tileDepth: u32,
  tileHeight: u32,
  tileWidth: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> tile: array<f32>;                // [d, h, w] probabilities
@group(0) @binding(2) var<storage, read> gaussian: array<f32>;            // [d, h, w]
@group(0) @binding(3) var<storage, read> origin: array<i32>;              // [3], may be negative
@group(0) @binding(4) var<storage, read_write> sumOutput: array<f32>;     // slab [slices, height, width]
@group(0) @binding(5) var<storage, read_write> weightOutput: array<f32>;
@group(0) @binding(6) var<storage, read> sumInput: array<f32>;            // of the entry copy alone
@group(0) @binding(7) var<storage, read> weightInput: array<f32>;

fn tileOrigin() -> vec3<i32> {
  return vec3<i32>(origin[0] - i32(sizes.firstSlice), origin[1], origin[2]);
}

fn isWithin(place: vec3<i32>, size: vec3<u32>) -> bool {
  return all(place >= vec3<i32>()) && all(place < vec3<i32>(size));
}

fn flatten(place: vec3<i32>, height: u32, width: u32) -> u32 {
  let at = vec3<u32>(place);
  return (at.x * height + at.y) * width + at.z;
}

fn unflatten(index: u32, height: u32, width: u32) -> vec3<i32> {
  return vec3<i32>(vec3<u32>(index / (height * width), index / width % height, index % width));
}

@compute @workgroup_size(WORKGROUP)
fn inPlace(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.threads) { return; }
  let place = unflatten(index, sizes.tileHeight, sizes.tileWidth) + tileOrigin();
  if (!isWithin(place, vec3<u32>(sizes.slices, sizes.height, sizes.width))) { return; }
  let at = flatten(place, sizes.height, sizes.width);
  sumOutput[at] += gaussian[index] * tile[index];
  weightOutput[at] += gaussian[index];
}

@compute @workgroup_size(WORKGROUP)
fn copy(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.threads) { return; }
  let place = unflatten(index, sizes.height, sizes.width) - tileOrigin();
  var sum = sumInput[index];
  var weight = weightInput[index];
  if (isWithin(place, vec3<u32>(sizes.tileDepth, sizes.tileHeight, sizes.tileWidth))) {
    let at = flatten(place, sizes.tileHeight, sizes.tileWidth);
    sum += gaussian[at] * tile[at];
    weight += gaussian[at];
  }
  sumOutput[index] = sum;
  weightOutput[index] = weight;
}
