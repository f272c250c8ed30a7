// Patch embedding, a convolution of kernel 2^3 and stride 2 with zeros beyond the grid's end:
//   y[block] = bias + sum over children and inputs of x[child, input] weight[child, input]
// One thread = one lane of one block's channels. What the gradients share comes first. After flatText and alias Lane.

struct Sizes {
  samples: u32,        // of this dispatch
  lanes: u32,          // of the C channels
  inputs: u32,         // channels of x
  rowsPerSlice: u32,
  grid: vec3<u32>,     // D, H, W of x
  firstSlice: u32,     // of this dispatch
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;               // [samples, D, H, W, inputs]
@group(0) @binding(2) var<storage, read> weight: array<Lane>;         // [8 children, inputs, lanes]
@group(0) @binding(3) var<storage, read> bias: array<Lane>;           // [lanes]
@group(0) @binding(4) var<storage, read_write> output: array<Lane>;   // [samples, coarse grid, lanes]

fn coarseGrid() -> vec3<u32> { return (sizes.grid + 1u) / 2u; }

fn blocksPerSample() -> u32 {
  let coarse = coarseGrid();
  return coarse.x * coarse.y * coarse.z;
}

// A block's first voxel.
struct Block { sample: u32, at: vec3<u32> }

fn blockOf(number: u32) -> Block {
  let coarse = coarseGrid();
  let column = number / coarse.z;
  let line = column / coarse.y;
  return Block(line / coarse.x, 2u * vec3<u32>(line % coarse.x, column % coarse.y, number % coarse.z));
}

// Children are numbered 4 od + 2 oh + ow.
fn loadX(block: Block, child: u32, input: u32) -> f32 {
  let at = block.at + vec3<u32>(child >> 2u, (child >> 1u) & 1u, child & 1u);
  if (any(at >= sizes.grid)) { return 0.0; }
  let voxel = ((block.sample * sizes.grid.x + at.x) * sizes.grid.y + at.y) * sizes.grid.z + at.z;
  return x[voxel * sizes.inputs + input];
}

@compute @workgroup_size(WORKGROUP)
fn embed(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  let number = index / sizes.lanes;
  if (number >= sizes.samples * blocksPerSample()) { return; }
  let lane = index % sizes.lanes;
  let block = blockOf(number);
  var sum = bias[lane];
  for (var child = 0u; child < 8u; child++) {
    for (var input = 0u; input < sizes.inputs; input++) {
      sum += loadX(block, child, input) * weight[(child * sizes.inputs + input) * sizes.lanes + lane];
    }
  }
  output[index] = sum;
}
